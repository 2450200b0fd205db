'use client';

import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslations } from 'use-intl';
import { useWorkspaces, WorkspaceSelect } from '@/components/workspace-select';
import { Link } from '@/components/ui/link';
import { Failed, Loading, NoMatch } from '@/components/ui/states';
import { answer, api, type Schemas } from '@/lib/api/client';
import { snippet } from '@/lib/snippet';

/** Letters from which on texts are looked through. */
const LETTERS_MIN = 2;

interface FoundInsideProps {
  words: string;
  /** Whose documents. */
  shown: 'all' | 'me' | 'workspace';
  /** No document has these words in its name either. */
  isAlone: boolean;
  onClear: () => void;
}

/** Where these words stand in the texts of documents, the best places first. */
export function FoundInside({ words, shown, isAlone, onClear }: FoundInsideProps) {
  const t = useTranslations('documents');
  const workspaces = useWorkspaces();
  const [chosen, setChosen] = useState('');
  const workspace = chosen === '' ? workspaces[0]?.workspace_id : chosen;
  const isLooking = words.trim().length >= LETTERS_MIN && workspace !== undefined;
  const found = useQuery({
    queryKey: ['documents', 'search', workspace, words],
    queryFn: () => answer(api.GET('/api/v1/search', { params: { query: { q: words, workspace_id: workspace } } })),
    enabled: isLooking,
  });
  const items = (found.data?.items ?? []).filter((one) => shown === 'all' || one.document.for === shown);
  return (
    <section aria-label={t('inText')} className="grid gap-2 pb-4">
      <div className="flex flex-wrap items-end justify-between gap-2 px-4 pt-4 sm:px-6">
        <h2 className="text-sm font-semibold">{t('inText')}</h2>
        <WorkspaceSelect value={chosen} onChange={setChosen} />
      </div>
      <p className="px-4 text-sm text-soft sm:px-6">{t('lexical')}</p>
      {found.isPending && isLooking && <Loading lines={4} />}
      {found.isError && <Failed error={found.error} onRetry={() => void found.refetch()} />}
      {found.isSuccess && items.length === 0 && (isAlone ? <NoMatch onClear={onClear} /> : <p className="px-4 text-sm text-soft sm:px-6">{t('notInText')}</p>)}
      <ul className="grid gap-3 px-4 sm:px-6">
        {items.map((one) => (
          <li key={one.document.document_id} className="grid gap-1">
            <Link href={`/documents/${one.document.document_id}`} className="min-w-0 truncate font-medium text-accent underline underline-offset-2">
              <bdi>{one.document.name}</bdi>
            </Link>
            <ul className="grid gap-1">
              {one.chunks.map((chunk) => (
                <Place key={chunk.number} id={one.document.document_id} chunk={chunk} words={words} />
              ))}
            </ul>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** A piece that has the words, cut to the letters around them. It opens the document there. */
export function Place({ id, chunk, words }: { id: string; chunk: Schemas['ChunkView']; words: string }) {
  const t = useTranslations('documents');
  const parts = snippet(chunk.text, words);
  return (
    <li>
      <Link href={`/documents/${id}?at=${chunk.number}`} className="grid gap-0.5 rounded-lg border border-line bg-surface px-3 py-2 text-sm hover:border-accent">
        <span className="flex flex-wrap gap-x-2 text-xs text-soft">
          <span>{t('piece', { number: chunk.number })}</span>
          {chunk.heading != null && <bdi className="min-w-0 truncate">{chunk.heading}</bdi>}
        </span>
        <span dir="auto" className="line-clamp-3 break-words">
          {parts.map((part, at) =>
            part.isHit ? (
              <mark key={at} className="rounded bg-wait-wash text-ink">
                {part.text}
              </mark>
            ) : (
              <span key={at}>{part.text}</span>
            ),
          )}
        </span>
      </Link>
    </li>
  );
}
