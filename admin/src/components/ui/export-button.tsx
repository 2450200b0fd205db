'use client';

import { useMutation } from '@tanstack/react-query';
import { Download } from 'lucide-react';
import { fileOf } from '@/lib/api/file';
import { download } from '@/lib/download';
import { Button } from './button';
import { Problem } from './states';

/** Kinds of files that lists are given out as. */
const KINDS = { csv: 'text/csv', jsonl: 'application/jsonl' } as const;

interface ExportButtonProps {
  /** What it does, for whoever does not see where it stands. */
  label: string;
  kind: keyof typeof KINDS;
  path: string;
  /** The filters of the list: what is seen is what leaves. */
  query: Readonly<Record<string, string | undefined>>;
  /** Of the file, without its ending. */
  name: string;
  /** Why it may not be taken, if so. */
  forbidden?: string | null;
}

/** A list as a file. */
export function ExportButton({ label, kind, path, query, name, forbidden = null }: ExportButtonProps) {
  const take = useMutation({ mutationFn: async () => download(await fileOf(path, query, KINDS[kind]), `${name}.${kind}`) });
  return (
    <>
      {take.isError && <Problem error={take.error} />}
      <Button size="small" isBusy={take.isPending} forbidden={forbidden} aria-label={label} title={label} onClick={() => take.mutate()}>
        <Download className="size-4" aria-hidden />
        {kind.toUpperCase()}
      </Button>
    </>
  );
}
