'use client';

import { useTranslations } from 'use-intl';
import { cx } from '@/lib/cx';
import type { Waiting } from './use-waiting';

/** How many actions, or proposed changes, wait for people, or that nobody could say. */
export function WaitingBadge({ of, count, className }: { of: keyof Waiting; count: number | null; className?: string }) {
  const t = useTranslations('shell');
  if (count === 0) return null;
  const said = count === null ? t('waitingUnknown') : of === 'holds' ? t('waiting', { count }) : t('waitingChanges', { count });
  return (
    <span
      title={count === null ? said : undefined}
      className={cx('inline-flex min-w-5 items-center justify-center rounded-full px-1.5 text-xs leading-5 font-semibold', count === null ? 'bg-bad-wash text-bad' : 'bg-wait text-ground', className)}
    >
      <span aria-hidden>{count ?? '?'}</span>
      <span className="sr-only">{said}</span>
    </span>
  );
}
