'use client';

import { useQueryClient } from '@tanstack/react-query';
import { FileUp } from 'lucide-react';
import { useCallback, useRef, useState } from 'react';
import { useTranslations } from 'use-intl';
import { FileInput } from '@/components/file-input';
import { UploadRow } from '@/components/upload-row';
import { usePlace, useWorkspacesQuery, WorkspaceSelect } from '@/components/workspace-select';
import { Badge } from '@/components/ui/badge';
import { Button } from '@/components/ui/button';
import { Dialog } from '@/components/ui/dialog';
import { Link } from '@/components/ui/link';
import { Segments } from '@/components/ui/segments';
import { cx } from '@/lib/cx';
import { useFileDrop } from '@/lib/file-drop';
import { useUploads } from '@/lib/uploads';

const READERS = ['me', 'workspace'] as const;

/** Files are put in: for whom, and how far each is. What was chosen goes at once, for whom it says then. */
export function PutIn({ files, onClose }: { files: File[]; onClose: () => void }) {
  const t = useTranslations('documents');
  const client = useQueryClient();
  const workspaces = useWorkspacesQuery();
  const [readers, setReaders] = useState<(typeof READERS)[number]>('me');
  const { id: workspace, value: chosen, onChange: setChosen } = usePlace();
  const refresh = useCallback(() => void client.invalidateQueries({ queryKey: ['documents'] }), [client]);
  const uploads = useUploads(workspaces.isPending ? null : workspace === undefined ? { for: readers } : { for: readers, workspace_id: workspace }, { onDone: refresh });
  const { isOver, area } = useFileDrop(uploads.add);
  const picker = useRef<HTMLInputElement>(null);
  // What was dropped on the page before waits for the word for whom it is.
  const [waiting, setWaiting] = useState(files);
  const done = uploads.all.filter((one) => one.document !== null).length;
  return (
    <Dialog title={t('putTitle')} onClose={onClose}>
      <div className="grid gap-1">
        <p className="text-sm font-medium">{t('forWhom')}</p>
        <Segments label={t('forWhom')} options={READERS.map((value) => ({ value, label: t(`readers.${value}`) }))} value={readers} onChange={setReaders} />
        <p className="text-sm text-soft">{t(`readersHint.${readers}`)}</p>
      </div>
      <WorkspaceSelect value={chosen} onChange={setChosen} />
      <div
        className={cx('grid justify-items-center gap-2 rounded-xl border border-dashed px-4 py-6 text-center', isOver ? 'border-accent bg-accent-wash' : 'border-edge')}
        {...area}
      >
        <FileUp className="size-6 text-soft" aria-hidden />
        <FileInput input={picker} label={t('choose')} onFiles={uploads.add} />
        <Button data-first tone="primary" onClick={() => picker.current?.click()}>
          {t('choose')}
        </Button>
        <p className="text-sm text-soft">{t('putHint')}</p>
      </div>
      {waiting.length > 0 && (
        <div className="grid gap-2 rounded-lg bg-sunken px-3 py-2 text-sm">
          <p className="break-words">
            <bdi>{waiting.map((file) => file.name).join(', ')}</bdi>
          </p>
          <div>
            <Button
              size="small"
              tone="primary"
              onClick={() => {
                uploads.add(waiting);
                setWaiting([]);
              }}
            >
              {t('putThese', { count: waiting.length })}
            </Button>
          </div>
        </div>
      )}
      {uploads.all.length > 0 && (
        <ul aria-label={t('files')} className="grid gap-2">
          {uploads.all.map((one) => (
            <UploadRow key={one.key} one={one} onRemove={one.document === null ? () => uploads.remove(one.key) : null}>
              {one.document !== null && (
                <span className="ms-auto flex items-center gap-2">
                  <Badge tone="good">{one.document.for === 'me' ? t('inForOwner') : t('inForWorkspace')}</Badge>
                  <Link href={`/documents/${one.document.document_id}`} className="text-accent underline underline-offset-2">
                    {t('open')}
                  </Link>
                </span>
              )}
            </UploadRow>
          ))}
        </ul>
      )}
      <p role="status" className="sr-only">
        {done > 0 ? t('areIn', { count: done }) : ''}
      </p>
      <div className="flex justify-end">
        <Button onClick={onClose}>{t('done')}</Button>
      </div>
    </Dialog>
  );
}
