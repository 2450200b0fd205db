'use client';

import { createContext, useContext } from 'react';
import { useTranslations } from 'use-intl';
import { keyOf, partsOf, type Cite } from '@/lib/citations';

interface Cites {
  /** The numbers of the pieces that may be opened, by what the text calls them. */
  numbers: ReadonlyMap<string, number>;
  names: ReadonlyMap<string, string>;
  open: (cite: Cite) => void;
}

/** Around an answer whose marks lead somewhere; without it they are letters like any others. */
export const CitesContext = createContext<Cites | null>(null);

/** Letters, with a number to press where a piece of a document is named. */
export function Cited({ text }: { text: string }): React.ReactNode {
  const cites = useContext(CitesContext);
  if (cites === null || !text.includes('[[doc_')) return text;
  return partsOf(text).map((part, at) => (typeof part === 'string' ? part : <Chip key={at} cite={part} cites={cites} />));
}

function Chip({ cite, cites }: { cite: Cite; cites: Cites }) {
  const t = useTranslations('chat');
  const key = keyOf(cite);
  const number = cites.numbers.get(key);
  if (number === undefined) return null;
  const name = cites.names.get(key);
  const label = name === undefined ? t('source', { number }) : t('sourceNamed', { number, name });
  return (
    <button
      type="button"
      aria-label={label}
      title={label}
      onClick={() => {
        cites.open(cite);
      }}
      className="mx-0.5 inline-flex h-5 min-w-5 items-center justify-center rounded-md bg-accent-wash px-1 align-text-bottom text-xs font-semibold text-accent tabular-nums hover:bg-accent hover:text-accent-ink"
    >
      {number}
    </button>
  );
}
