'use client';

import { useTranslations } from 'use-intl';
import { cx } from '@/lib/cx';
import type { Waiting } from './use-waiting';

/** How many actions, or proposed changes, wait for people. */
export function WaitingBadge({ of, count, className }: { of: keyof Waiting; count: number; className?: string }) {
  const t = useTranslations('shell');
  if (count === 0) return null;
  return (
    <span className={cx('inline-flex min-w-5 items-center justify-center rounded-full bg-wait px-1.5 text-xs leading-5 font-semibold text-ground', className)}>
      <span aria-hidden>{count}</span>
      <span className="sr-only">{of === 'holds' ? t('waiting', { count }) : t('waitingChanges', { count })}</span>
    </span>
  );
}
