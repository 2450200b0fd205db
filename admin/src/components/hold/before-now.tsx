'use client';

import { useTranslations } from 'use-intl';

export interface BeforeNow {
  /** What of it. */
  name: string;
  before: React.ReactNode;
  now: React.ReactNode;
}

/** What was and what is, one a line. Words say which is which, not the looks alone. */
export function BeforeNowList({ items }: { items: BeforeNow[] }) {
  const t = useTranslations('hold');
  return (
    <ul className="divide-y divide-line rounded-lg border border-line bg-surface text-sm text-ink">
      {items.map(({ name, before, now }, place) => (
        <li key={place} className="grid gap-x-3 px-3 py-1.5 sm:grid-cols-[8rem_1fr]">
          <span className="break-words text-soft">{name}</span>
          <span className="min-w-0 break-words">
            <del className="text-soft">
              <span className="sr-only">{t('lastBefore')} </span>
              <bdi>{before}</bdi>
            </del>{' '}
            <ins className="font-medium no-underline">
              <span className="sr-only">{t('lastNow')} </span>
              <bdi>{now}</bdi>
            </ins>
          </span>
        </li>
      ))}
    </ul>
  );
}
