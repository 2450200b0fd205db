'use client';

import { useMemo, useState } from 'react';
import { useTranslations } from 'use-intl';
import { AsDialog, later } from '@/components/later';
import { Markdown } from '@/components/markdown';
import { citesOf, keyOf, type Cite } from '@/lib/citations';
import type { Run } from '@/lib/run/fold';
import { CitesContext } from './cites';

const SourceDialog = later(() => import('./source-dialog').then((loaded) => loaded.SourceDialog), AsDialog);

/** What the agent answered, with a number at each place that comes from a document, and where each number leads. */
export function Answer({ text, citations = [] }: { text: string; citations?: Run['citations'] }) {
  const t = useTranslations('chat');
  const [open, setOpen] = useState<Cite | null>(null);
  const cites = useMemo(() => citesOf(text), [text]);
  const context = useMemo(() => {
    const names = new Map<string, string>();
    for (const { chunk } of citations) if (chunk != null) names.set(keyOf({ documentId: chunk.document_id, number: chunk.number }), chunk.name);
    return { numbers: new Map(cites.map((cite, at) => [keyOf(cite), at + 1])), names, open: setOpen };
  }, [cites, citations]);
  if (cites.length === 0) return <Markdown text={text} />;
  return (
    <CitesContext value={context}>
      <Markdown text={text} />
      <ol aria-label={t('sources')} className="flex flex-wrap gap-1.5 text-sm">
        {cites.map((cite, at) => {
          const name = context.names.get(keyOf(cite));
          return (
            <li key={keyOf(cite)}>
              <button
                type="button"
                onClick={() => {
                  setOpen(cite);
                }}
                className="inline-flex min-h-8 max-w-full items-center gap-1.5 rounded-lg border border-line bg-surface px-2 text-start hover:border-accent"
              >
                <span aria-hidden className="font-semibold text-accent tabular-nums">
                  {at + 1}
                </span>
                <span className="sr-only">{t('source', { number: at + 1 })}</span>
                <bdi className="min-w-0 max-w-48 truncate">{name ?? t('document')}</bdi>
              </button>
            </li>
          );
        })}
      </ol>
      {open !== null && (
        <SourceDialog
          cite={open}
          onClose={() => {
            setOpen(null);
          }}
        />
      )}
    </CitesContext>
  );
}
