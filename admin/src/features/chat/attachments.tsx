'use client';

import { FileText, FileX, X } from 'lucide-react';
import { useTranslations } from 'use-intl';
import { useProblemText } from '@/components/problem-text';
import { cx } from '@/lib/cx';
import { useFormats } from '@/lib/format';
import type { Message } from './api';
import { FILES_MAX, type Attachment, type Attachments } from './use-attachments';

/** Files that go with the next message: how far each is, what is wrong with it, and the way out. */
export function AttachmentList({ attachments }: { attachments: Attachments }) {
  const t = useTranslations('chat');
  if (attachments.all.length === 0) return null;
  const last = attachments.all.findLast((one) => one.document !== null);
  return (
    <>
      <ul aria-label={t('attached')} className="flex flex-wrap gap-2">
        {attachments.all.map((one) => (
          <One key={one.key} one={one} onRemove={() => attachments.remove(one.key)} />
        ))}
      </ul>
      {attachments.isFull && (
        <p role="alert" className="text-sm text-bad">
          {t('tooManyFiles', { count: FILES_MAX })}
        </p>
      )}
      <p role="status" className="sr-only">
        {last === undefined ? '' : t('isAttached', { name: last.name })}
      </p>
    </>
  );
}

function One({ one, onRemove }: { one: Attachment; onRemove: () => void }) {
  const t = useTranslations('chat');
  const text = useProblemText();
  const formats = useFormats();
  const problem = one.isTooLarge ? t('fileTooLarge') : one.error === null ? null : text(one.error);
  return (
    <li className={cx('grid max-w-full min-w-0 gap-1 rounded-xl border bg-surface px-2.5 py-1.5 text-sm', problem === null ? 'border-line' : 'border-bad')}>
      <div className="flex min-w-0 items-center gap-2">
        <FileText className="size-4 shrink-0 text-soft" aria-hidden />
        <bdi className="min-w-0 truncate">{one.name}</bdi>
        <span className="shrink-0 text-xs text-soft">{formats.bytes(one.bytes)}</span>
        <button type="button" aria-label={t('removeFile', { name: one.name })} title={t('removeFile', { name: one.name })} onClick={onRemove} className="-me-1 inline-flex size-7 shrink-0 items-center justify-center rounded-md text-soft hover:bg-sunken hover:text-ink">
          <X className="size-4" aria-hidden />
        </button>
      </div>
      {problem !== null && (
        <p role="alert" className="max-w-sm text-bad">
          {problem}
        </p>
      )}
      {problem === null && one.document === null && <progress aria-label={t('sendingFile', { name: one.name })} max={1} value={one.part} className="h-1.5 w-full accent-accent" />}
    </li>
  );
}

/** Files that went with a message. */
export function SentFiles({ message }: { message: Message }) {
  const t = useTranslations('chat');
  const formats = useFormats();
  if (message.attachments.length === 0) return null;
  return (
    <ul aria-label={t('attached')} className="flex max-w-[85%] flex-wrap justify-end gap-1.5">
      {message.attachments.map((one, at) => (
        <li key={one.document_id ?? at} className="flex max-w-full min-w-0 items-center gap-1.5 rounded-lg border border-line bg-surface px-2 py-1 text-sm">
          {one.document_id == null ? <FileX className="size-4 shrink-0 text-soft" aria-hidden /> : <FileText className="size-4 shrink-0 text-soft" aria-hidden />}
          {one.document_id == null ? <span className="text-soft">{t('fileGone')}</span> : <bdi className="min-w-0 truncate">{one.name}</bdi>}
          {one.bytes != null && <span className="shrink-0 text-xs text-soft">{formats.bytes(one.bytes)}</span>}
        </li>
      ))}
    </ul>
  );
}
