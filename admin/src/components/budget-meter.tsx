'use client';

import { useTranslations } from 'use-intl';
import { usePeopleNames } from '@/components/person-name';
import { useWorkspaces } from '@/components/workspace-select';
import type { Schemas } from '@/lib/api/client';
import { shareOf, stateOf } from '@/lib/budget';
import { cx } from '@/lib/cx';
import { useFormats } from '@/lib/format';
import { useMe } from '@/lib/me';

type Budget = Schemas['BudgetView'];

const BARS = { good: 'bg-accent', wait: 'bg-wait', bad: 'bg-bad' } as const;
const PERCENT = 100;

/** How much of a budget is spent and set aside, as a bar that says it too. */
export function BudgetMeter({ budget }: { budget: Budget }) {
  const name = useScopeName()(budget);
  const said = useSpentText()(budget);
  const share = shareOf(budget);
  const state = stateOf(budget);
  return (
    <div role="meter" aria-label={name} aria-valuemin={0} aria-valuemax={PERCENT} aria-valuenow={Math.round(share.spent)} aria-valuetext={said} className="flex h-3 overflow-hidden rounded-full bg-sunken">
      <div className={cx('h-full', BARS[state])} style={{ width: `${share.spent}%` }} />
      <div className={cx('h-full opacity-40', BARS[state])} style={{ width: `${share.reserved}%` }} />
    </div>
  );
}

/** What is spent of which limit. */
export function useSpentText(): (budget: Budget) => string {
  const t = useTranslations('budgets');
  const formats = useFormats();
  return (budget) => t('spentOf', { spent: formats.usd(budget.spent_micros), cap: formats.usd(budget.cap_micros) });
}

/** For how long a limit is. */
export function usePeriodText(): (budget: Budget) => string {
  const t = useTranslations('budgets.period');
  return (budget) => {
    const period = (['day', 'month', 'total'] as const).find((one) => one === budget.period);
    return period === undefined ? budget.period : t(period);
  };
}

/** Whom or what a budget is for, by name. */
export function useScopeName(): (budget: Budget) => string {
  const me = useMe();
  const people = usePeopleNames();
  const workspaces = useWorkspaces();
  return (budget) => {
    if (budget.scope === 'organisation') return me.organisation;
    if (budget.scope === 'person') return people.get(budget.scope_id) ?? `…${budget.scope_id.slice(-6)}`;
    if (budget.scope === 'workspace') return workspaces.find((one) => one.workspace_id === budget.scope_id)?.name ?? `…${budget.scope_id.slice(-6)}`;
    return budget.scope_id;
  };
}
