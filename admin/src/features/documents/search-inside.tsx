'use client';

import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslations } from 'use-intl';
import { SearchField } from '@/components/search-field';
import { Loading, Problem } from '@/components/ui/states';
import { answer, api } from '@/lib/api/client';
import type { Document } from '@/lib/api/upload';
import { Place } from './found-inside';

/** Letters from which on the text is looked through. */
const LETTERS_MIN = 2;

/** Where words stand in this document. */
export function SearchInside({ document }: { document: Document }) {
  const t = useTranslations('documents');
  const [words, setWords] = useState('');
  const { document_id: id, workspace_id: workspace } = document;
  const isLooking = words.trim().length >= LETTERS_MIN;
  const found = useQuery({
    queryKey: ['documents', 'search', workspace, words, id],
    queryFn: () => answer(api.GET('/api/v1/search', { params: { query: { q: words, document_id: id, workspace_id: workspace } } })),
    enabled: isLooking,
  });
  const chunks = found.data?.items.flatMap((one) => one.chunks) ?? [];
  return (
    <section aria-label={t('searchInside')} className="grid gap-2">
      <SearchField label={t('searchInside')} value={words} onChange={setWords} />
      {isLooking && found.isPending && <Loading lines={2} />}
      {found.isError && <Problem error={found.error} />}
      {isLooking && found.isSuccess && chunks.length === 0 && (
        <p role="status" className="text-sm text-soft">
          {t('notHere')}
        </p>
      )}
      <ul className="grid gap-1">
        {chunks.map((chunk) => (
          <Place key={chunk.number} id={id} chunk={chunk} words={words} />
        ))}
      </ul>
    </section>
  );
}
