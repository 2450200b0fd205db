'use client';

import { useTranslations } from 'use-intl';
import { Link } from '@/components/ui/link';
import { Ago } from '@/components/ui/time';
import { isRecord, pointerInWords, textOf } from '@/lib/json';
import type { Hold } from './use-hold';

/** A value in one line; what is not there says so by a dash. */
function shown(value: unknown): string {
  return value === null || value === undefined ? '—' : (textOf(value) ?? JSON.stringify(value));
}

/** How this action differs from the last of its kind that was allowed: what is new is what to look at. */
export function LastSimilar({ hold }: { hold: Hold }) {
  const t = useTranslations('hold');
  if (hold.last_similar == null) return null;
  const { run_id: run, at, changes } = hold.last_similar;
  return (
    <section className="grid gap-2">
      <h2 className="text-sm font-semibold">{t('last')}</h2>
      <p className="text-sm text-soft">
        <Link href={`/runs/${run}`} className="text-accent underline">
          {t('lastRun')}
        </Link>{' '}
        <Ago at={at} /> {changes.length === 0 && t('lastSame')}
      </p>
      {changes.length > 0 && (
        <ul className="divide-y divide-line rounded-lg border border-line text-sm">
          {changes.filter(isRecord).map((change, place) => (
            <li key={place} className="grid gap-x-3 px-3 py-1.5 sm:grid-cols-[8rem_1fr]">
              <span className="break-words text-soft">{pointerInWords(textOf(change['path']) ?? '')}</span>
              <span className="min-w-0 break-words">
                <del className="text-soft">
                  <span className="sr-only">{t('lastBefore')} </span>
                  <bdi>{shown(change['before'])}</bdi>
                </del>{' '}
                <ins className="font-medium no-underline">
                  <span className="sr-only">{t('lastNow')} </span>
                  <bdi>{shown(change['now'])}</bdi>
                </ins>
              </span>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
