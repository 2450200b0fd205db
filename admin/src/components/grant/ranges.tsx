'use client';

import { useTranslations } from 'use-intl';
import { useFormats } from '@/lib/format';
import type { Range } from '@/lib/grant-ranges';
import { pointerInWords } from '@/lib/json';
import { seen } from '@/lib/seen';

/** What a grant covers, an argument a line. */
export function Ranges({ ranges }: { ranges: Range[] }) {
  const t = useTranslations('grants');
  const formats = useFormats();
  const said = (range: Range) => {
    if (range.kind === 'any') return t('any');
    if (range.kind === 'letters') return t('letters', { count: range.max });
    if (range.kind === 'between') return t('between', { min: formats.number(range.min), max: formats.number(range.max) });
    return range.kind === 'one' ? formats.list(range.values.map((value) => seen(value)), 'disjunction') : seen(range.text);
  };
  return (
    <ul className="divide-y divide-line rounded-lg border border-line text-sm">
      {ranges.map((range) => (
        <li key={range.path} className="grid gap-x-3 px-3 py-1.5 sm:grid-cols-[12rem_1fr]">
          <span className="break-words text-soft">{pointerInWords(range.path)}</span>
          <bdi className="break-words">{said(range)}</bdi>
        </li>
      ))}
    </ul>
  );
}
