'use client';

import { FileText, X } from 'lucide-react';
import { useTranslations } from 'use-intl';
import { useProblemText } from '@/components/problem-text';
import { ServerWords } from '@/components/server-words';
import { problemOf } from '@/lib/api/problem';
import { cx } from '@/lib/cx';
import { useFormats } from '@/lib/format';
import type { Upload } from '@/lib/uploads';

/** A file on its way in: how far it is, what is wrong with it, and the way out. */
export function UploadRow({ one, onRemove, children }: { one: Upload; onRemove: (() => void) | null; children?: React.ReactNode }) {
  const t = useTranslations('chat');
  const text = useProblemText();
  const formats = useFormats();
  // Of a refusal the words say it all; what went wrong with the server is found in its log by a number.
  const fault = problemOf(one.error);
  const number = fault !== null && fault.status >= 500 ? fault.requestId : null;
  const problem = one.isTooLarge ? t('fileTooLarge') : one.error === null ? null : text(one.error);
  return (
    <li className={cx('grid max-w-full min-w-0 gap-1 rounded-xl border bg-surface px-2.5 py-1.5 text-sm', problem === null ? 'border-line' : 'border-bad')}>
      <div className="flex min-w-0 items-center gap-2">
        <FileText className="size-4 shrink-0 text-soft" aria-hidden />
        <bdi className="min-w-0 truncate">{one.name}</bdi>
        <span className="shrink-0 text-xs text-soft">{formats.bytes(one.bytes)}</span>
        {children}
        {onRemove !== null && (
          <button type="button" aria-label={t('removeFile', { name: one.name })} title={t('removeFile', { name: one.name })} onClick={onRemove} className="-me-1 inline-flex size-7 shrink-0 items-center justify-center rounded-md text-soft hover:bg-sunken hover:text-ink">
            <X className="size-4" aria-hidden />
          </button>
        )}
      </div>
      {problem !== null && (
        <div role="alert" className="max-w-sm text-bad">
          <p>{problem}</p>
          <ServerWords error={one.error} />
          {number !== null && <p className="mt-1 font-mono text-xs break-all">{number}</p>}
        </div>
      )}
      {problem === null && one.document === null && <progress aria-label={t('sendingFile', { name: one.name })} max={1} value={one.part} className="h-1.5 w-full accent-accent" />}
    </li>
  );
}
