'use client';

import { useMutation } from '@tanstack/react-query';
import { Download } from 'lucide-react';
import { fileAt } from '@/lib/api/file';
import { download } from '@/lib/download';
import { Button } from './button';
import { Problem } from './states';

/** Kinds of files that lists are given out as. */
const KINDS = { csv: 'text/csv', jsonl: 'application/jsonl' } as const;

interface ExportButtonProps {
  /** What it does, for whoever does not see where it stands. */
  label: string;
  /** What stands on it where there is room, which is a part of the label; else, and where nothing is said, the kind of file. */
  text?: string | undefined;
  kind: keyof typeof KINDS;
  /** Of the list with its filters, as `addressOf` makes it: what is seen is what leaves. */
  address: string;
  /** Of the file, without its ending. */
  name: string;
}

/** A list as a file. */
export function ExportButton({ label, text, kind, address, name }: ExportButtonProps) {
  const take = useMutation({ mutationFn: async () => download(await fileAt(address, KINDS[kind]), `${name}.${kind}`) });
  return (
    <>
      {take.isError && <Problem error={take.error} />}
      <Button size="small" isBusy={take.isPending} aria-label={label} title={label} onClick={() => take.mutate()}>
        <Download className="size-4" aria-hidden />
        {text !== undefined && <span className="max-sm:hidden">{text}</span>}
        <span className={text === undefined ? undefined : 'sm:hidden'}>{kind.toUpperCase()}</span>
      </Button>
    </>
  );
}
