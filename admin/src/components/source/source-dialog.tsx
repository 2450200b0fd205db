'use client';

import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { useTranslations } from 'use-intl';
import { Dialog } from '@/components/ui/dialog';
import { Link } from '@/components/ui/link';
import { Loading, Problem } from '@/components/ui/states';
import { answer, api } from '@/lib/api/client';
import { isMissing } from '@/lib/api/problem';
import type { Cite } from '@/lib/citations';

/** Pieces shown before and behind the one that is meant. */
const AROUND = 2;

/** The text of a document at the place that an answer names. */
export function SourceDialog({ cite, onClose }: { cite: Cite; onClose: () => void }) {
  const t = useTranslations('chat');
  const { documentId: id, number } = cite;
  const from = Math.max(1, number - AROUND);
  const found = useQuery({
    queryKey: ['documents', id, from],
    queryFn: () => answer(api.GET('/api/v1/documents/{id}', { params: { path: { id }, query: { from, limit: 2 * AROUND + 1 } } })),
  });
  const place = useRef<HTMLElement>(null);
  useEffect(() => {
    place.current?.scrollIntoView({ block: 'center' });
  }, [found.data]);
  return (
    <Dialog title={found.data?.document.name ?? t('document')} isTall onClose={onClose} place="side">
      {found.isPending && <Loading lines={6} />}
      {found.isError && (isMissing(found.error) ? <p role="alert">{t('sourceGone')}</p> : <Problem error={found.error} />)}
      {found.isSuccess && (
        <>
          <p className="text-sm text-soft">{t('pieceOf', { number, count: found.data.document.chunks })}</p>
          <div dir="auto" className="text-sm break-words whitespace-pre-wrap">
            {found.data.chunks.map((chunk) =>
              chunk.number === number ? (
                <mark key={chunk.number} ref={place} tabIndex={-1} className="rounded bg-accent-wash text-ink">
                  {chunk.text}
                </mark>
              ) : (
                <span key={chunk.number} className="text-soft">
                  {chunk.text}
                </span>
              ),
            )}
          </div>
          <p className="text-sm">
            <Link href={`/documents/${id}?at=${number}`} className="text-accent underline underline-offset-2">
              {t('openDocument')}
            </Link>
          </p>
        </>
      )}
    </Dialog>
  );
}
