'use client';

import { useTranslations } from 'use-intl';
import { UploadRow } from '@/components/upload-row';
import type { Uploads } from '@/lib/uploads';
import { FILES_MAX } from './api';

/** Files that go with the next message: how far each is, what is wrong with it, and the way out. */
export function AttachmentList({ attachments }: { attachments: Uploads }) {
  const t = useTranslations('chat');
  const last = attachments.all.findLast((one) => one.document !== null);
  return (
    <>
      <ul aria-label={t('attached')} className="flex flex-wrap gap-2">
        {attachments.all.map((one) => (
          <UploadRow key={one.key} one={one} onRemove={() => attachments.remove(one.key)} />
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
