'use client';

import { useQuery } from '@tanstack/react-query';
import { Pencil, Wallet } from 'lucide-react';
import { useTranslations } from 'use-intl';
import { BudgetMeter, usePeriodText, useScopeName, useSpentText } from '@/components/budget-meter';
import { Page } from '@/components/shell/page';
import { AddButton } from '@/components/ui/add-button';
import { Badge } from '@/components/ui/badge';
import { Button } from '@/components/ui/button';
import { Card } from '@/components/ui/card';
import { CardList } from '@/components/ui/card-list';
import { ON_DEMAND } from '@/components/ui/rest';
import { Empty } from '@/components/ui/empty';
import { Failed, Loading } from '@/components/ui/states';
import { Ago } from '@/components/ui/time';
import type { Schemas } from '@/lib/api/client';
import { stateOf } from '@/lib/budget';
import { useFormats } from '@/lib/format';
import { may, useMe } from '@/lib/me';
import { useAddress } from '@/lib/url';
import { allBudgets } from '@/lib/whole-lists';
import { BudgetForm, SCOPES } from './budget-form';
import { useWaits, Waits } from './waits';

type Budget = Schemas['BudgetView'];

const EVERY_MS = 15_000;
/** About how tall a card is. */
const CARD_PX = 130;

/** What may be spent on models, and what is spent of it. */
export function BudgetsView() {
  const t = useTranslations('budgets');
  const me = useMe();
  const { get, set } = useAddress();
  const budgets = useQuery({ ...allBudgets, refetchInterval: EVERY_MS });
  const waits = useWaits();
  // What waits stands above the rest, and would push it down if it came later: all of it is shown at once.
  const isPending = budgets.isPending || waits.isPending;
  const forbidden = may(me, 'budgets:manage') ? null : t('mayNotManage');
  const all = budgets.data ?? [];
  const open = all.find((budget) => budget.budget_id === get('open'));
  return (
    <Page title={t('title')} actions={<AddButton label={t('add')} forbidden={forbidden} onClick={() => set({ new: '1' })} />} scrolls>
      {isPending && <Loading lines={6} />}
      {!isPending && budgets.isError && <Failed error={budgets.error} onRetry={() => void budgets.refetch()} />}
      {!isPending && budgets.isSuccess && all.length === 0 && <Empty icon={<Wallet className="size-5" aria-hidden />} title={t('none')} hint={t('noneHint')} />}
      {!isPending && (
        <div className="mx-auto grid w-full max-w-4xl gap-6 p-4 sm:p-6">
          <Waits waits={waits} />
          {SCOPES.map((scope) => {
            const own = all.filter((budget) => budget.scope === scope);
            if (own.length === 0) return null;
            return (
              <section key={scope} className="grid gap-3">
                <h2 className="font-semibold">{t(`scope.${scope}`)}</h2>
                <CardList items={own} keyOf={(budget) => budget.budget_id} label={t(`scope.${scope}`)} guessPx={CARD_PX} query={ON_DEMAND}>
                  {(budget) => <One budget={budget} forbidden={forbidden} onChange={() => set({ open: budget.budget_id })} />}
                </CardList>
              </section>
            );
          })}
          {all.length > 0 && <p className="text-sm text-soft">{t('together')}</p>}
        </div>
      )}
      {get('new') !== '' && <BudgetForm onClose={() => set({ new: '' })} />}
      {open !== undefined && forbidden === null && <BudgetForm key={open.cap_micros} budget={open} onClose={() => set({ open: '' })} />}
    </Page>
  );
}

function One({ budget, forbidden, onChange }: { budget: Budget; forbidden: string | null; onChange: () => void }) {
  const t = useTranslations('budgets');
  const formats = useFormats();
  const name = useScopeName()(budget);
  const period = usePeriodText()(budget);
  const said = useSpentText()(budget);
  const state = stateOf(budget);
  return (
    <Card className="grid gap-2 p-4">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <p className="min-w-0 flex-1 font-medium">
          <bdi>{name}</bdi> <span className="font-normal text-soft">{period}</span>
        </p>
        {state === 'bad' ? <Badge tone="bad">{t('full')}</Badge> : state === 'wait' && <Badge tone="wait">{t('nearly')}</Badge>}
        <Button size="small" forbidden={forbidden} aria-label={t('changeOf', { name })} onClick={onChange}>
          <Pencil className="size-4" aria-hidden />
          {t('change')}
        </Button>
      </div>
      <BudgetMeter budget={budget} />
      <p className="flex flex-wrap justify-between gap-x-4 text-sm">
        <span>{said}</span>
        <span className="text-soft">
          {budget.reserved_micros > 0 && <>{t('reserved', { amount: formats.usd(budget.reserved_micros) })} · </>}
          {t('since')} <Ago at={budget.window_start} />
        </span>
      </p>
      {budget.cap_micros === 0 && <p className="text-sm text-bad">{t('zero')}</p>}
    </Card>
  );
}
