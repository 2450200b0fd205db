'use client';

import { useTranslations } from 'use-intl';
import { Link } from '@/components/ui/link';
import { Ago } from '@/components/ui/time';
import { isRecord, pointerInWords, textOf } from '@/lib/json';
import { seen } from '@/lib/seen';
import { BeforeNowList } from './before-now';
import type { Hold } from './use-hold';

/** A value in one line, with a mark for what nobody would see; what is not there says so by a dash. */
function shown(value: unknown): string {
  return value === null || value === undefined ? '—' : seen(textOf(value) ?? JSON.stringify(value));
}

/** How this action differs from the last of its kind that was carried out: what is new is what to look at. */
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
        <BeforeNowList items={changes.filter(isRecord).map((change) => ({ name: pointerInWords(textOf(change['path']) ?? ''), before: shown(change['before']), now: shown(change['now']) }))} />
      )}
    </section>
  );
}
