'use client';

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslations } from 'use-intl';
import { PersonName } from '@/components/person-name';
import { Badge } from '@/components/ui/badge';
import { Button } from '@/components/ui/button';
import { Card } from '@/components/ui/card';
import { Failed, Problem } from '@/components/ui/states';
import { Link } from '@/components/ui/link';
import { Ago } from '@/components/ui/time';
import { useToast } from '@/components/ui/toast';
import { answer, api, idempotencyKey, type Schemas } from '@/lib/api/client';
import { useFormats } from '@/lib/format';
import { may, useMe } from '@/lib/me';
import { limitOf } from '@/lib/no-room';
import { WaitDialog, type Way } from './wait-dialog';

type Wait = Schemas['BudgetHoldView'];

const EVERY_MS = 10_000;
const SHOWN_MAX = 100;

/** Runs that wait because a budget has no room, and glasses that were broken and nobody has looked at. */
export function Waits() {
  const t = useTranslations('waits');
  const waiting = useQuery({
    queryKey: ['budget-holds', 'held'],
    queryFn: () => answer(api.GET('/api/v1/budgets/holds', { params: { query: { state: 'held', limit: SHOWN_MAX } } })),
    refetchInterval: EVERY_MS,
  });
  const broken = useQuery({ queryKey: ['budget-holds', 'unreviewed'], queryFn: () => answer(api.GET('/api/v1/budgets/holds', { params: { query: { unreviewed: true, limit: SHOWN_MAX } } })) });
  const error = waiting.error ?? broken.error;
  return (
    <>
      {error !== null && <Failed error={error} onRetry={() => void Promise.all([waiting.refetch(), broken.refetch()])} />}
      {waiting.data !== undefined && waiting.data.items.length > 0 && (
        <section className="grid gap-3">
          <h2 className="font-semibold">{t('title')}</h2>
          <ul className="grid gap-3">
            {waiting.data.items.map((wait) => (
              <li key={wait.budget_hold_id}>
                <Waiting wait={wait} />
              </li>
            ))}
          </ul>
        </section>
      )}
      {broken.data !== undefined && broken.data.items.length > 0 && (
        <section className="grid gap-3">
          <h2 className="font-semibold">{t('broken')}</h2>
          <ul className="grid gap-3">
            {broken.data.items.map((wait) => (
              <li key={wait.budget_hold_id}>
                <Broken wait={wait} />
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  );
}

function About({ wait }: { wait: Wait }) {
  const t = useTranslations('waits');
  const limits = useTranslations('noRoom');
  const limit = limitOf(wait.limit);
  return (
    <>
      <p className="flex flex-wrap items-center gap-x-2">
        <Link href={`/runs/${wait.run_id}`} className="font-medium text-accent underline">
          {t('run', { agent: wait.agent })}
        </Link>
        <span className="text-sm text-soft">
          <PersonName id={wait.person_id} /> · <Ago at={wait.held_at} />
        </span>
      </p>
      <p className="text-sm text-soft">
        {limit === null ? <bdi>{wait.why}</bdi> : limits(limit)}
      </p>
    </>
  );
}

function Waiting({ wait }: { wait: Wait }) {
  const t = useTranslations('waits');
  const me = useMe();
  const formats = useFormats();
  const [way, setWay] = useState<Way | null>(null);
  const mayDecide = may(me, 'budgets:decide');
  const forbidden = mayDecide ? null : t('mayNotDecide');
  return (
    <Card className="grid gap-2 border-wait p-4">
      <About wait={wait} />
      <p className="text-sm">{t('needs', { need: formats.usd(wait.need_micros), cost: formats.usd(wait.cost_micros) })}</p>
      <div className="flex flex-wrap gap-2">
        <Button size="small" tone="primary" forbidden={forbidden} onClick={() => setWay('allow')}>
          {t('allow')}
        </Button>
        <Button size="small" tone="danger" forbidden={forbidden} onClick={() => setWay('refuse')}>
          {t('refuse')}
        </Button>
        {!mayDecide && may(me, 'budgets:break_glass') && (
          <Button size="small" onClick={() => setWay('break')}>
            {t('break')}
          </Button>
        )}
      </div>
      {way !== null && <WaitDialog wait={wait} way={way} onClose={() => setWay(null)} />}
    </Card>
  );
}

/** Somebody without the role for it let a run go on: somebody else says whether that was right. */
function Broken({ wait }: { wait: Wait }) {
  const t = useTranslations('waits');
  const me = useMe();
  const formats = useFormats();
  const toast = useToast();
  const client = useQueryClient();
  const review = useMutation({
    mutationFn: (justified: boolean) =>
      answer(api.POST('/api/v1/budgets/holds/{id}/review', { params: { path: { id: wait.budget_hold_id }, header: { 'Idempotency-Key': idempotencyKey() } }, body: { justified } })),
    onSuccess: async () => {
      toast(t('reviewed'));
      await client.invalidateQueries({ queryKey: ['budget-holds'] });
    },
  });
  const forbidden = wait.decided_by === me.person_id ? t('notOwn') : may(me, 'budgets:manage') ? null : t('mayNotReview');
  return (
    <Card className="grid gap-2 p-4">
      <div className="flex items-start justify-between gap-2">
        <div className="min-w-0">
          <About wait={wait} />
        </div>
        <Badge tone="bad">{t('glass')}</Badge>
      </div>
      <p className="text-sm">
        {wait.decided_by != null && <PersonName id={wait.decided_by} />} · {formats.usd(wait.allowed_micros ?? 0)}
      </p>
      {wait.reason != null && (
        <p dir="auto" className="text-sm">
          {wait.reason}
        </p>
      )}
      {review.isError && <Problem error={review.error} />}
      <div className="flex flex-wrap gap-2">
        <Button size="small" isBusy={review.isPending} forbidden={forbidden} onClick={() => review.mutate(true)}>
          {t('justified')}
        </Button>
        <Button size="small" tone="danger" isBusy={review.isPending} forbidden={forbidden} onClick={() => review.mutate(false)}>
          {t('notJustified')}
        </Button>
      </div>
    </Card>
  );
}
