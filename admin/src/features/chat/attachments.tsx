'use client';

import { FileText, FileX } from 'lucide-react';
import { useTranslations } from 'use-intl';
import { useFormats } from '@/lib/format';
import type { Message } from './api';

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
