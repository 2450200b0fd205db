'use client';

import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslations } from 'use-intl';
import { PersonName } from '@/components/person-name';
import { Badge } from '@/components/ui/badge';
import { Button } from '@/components/ui/button';
import { Card } from '@/components/ui/card';
import { CardList } from '@/components/ui/card-list';
import { More } from '@/components/ui/more';
import { ON_DEMAND } from '@/components/ui/rest';
import { Failed, Problem } from '@/components/ui/states';
import { Link } from '@/components/ui/link';
import { Ago } from '@/components/ui/time';
import { useToast } from '@/components/ui/toast';
import { answer, api, idempotencyKey, type Schemas } from '@/lib/api/client';
import { useFormats } from '@/lib/format';
import { useList } from '@/lib/list';
import { may, useMe } from '@/lib/me';
import { limitOf } from '@/lib/no-room';
import { seen } from '@/lib/seen';
import { WaitDialog, type Way } from './wait-dialog';

type Wait = Schemas['BudgetHoldView'];

const EVERY_MS = 10_000;
const PAGE = 100;
/** About how tall a card is. */
const CARD_PX = 170;

/** Runs that wait because a budget has no room, and glasses that were broken and nobody has looked at. */
export function useWaits() {
  const waiting = useList(['budget-holds', 'held'], (cursor) => answer(api.GET('/api/v1/budgets/holds', { params: { query: { state: 'held', limit: PAGE, cursor } } })), EVERY_MS);
  const broken = useList(['budget-holds', 'unreviewed'], (cursor) => answer(api.GET('/api/v1/budgets/holds', { params: { query: { unreviewed: true, limit: PAGE, cursor } } })));
  return { waiting, broken, isPending: waiting.query.isPending || broken.query.isPending };
}

/** Shown once both are known. More of them comes on demand: what stands below is not pushed out of reach. */
export function Waits({ waits: { waiting, broken } }: { waits: ReturnType<typeof useWaits> }) {
  const t = useTranslations('waits');
  const error = waiting.query.error ?? broken.query.error;
  // Not in its row, which goes when somebody else decides: what is being written stays.
  const [asked, setAsked] = useState<{ wait: Wait; way: Way } | null>(null);
  const isOver = asked !== null && waiting.query.isSuccess && !waiting.items.some((one) => one.budget_hold_id === asked.wait.budget_hold_id);
  return (
    <>
      {asked !== null && <WaitDialog wait={asked.wait} way={asked.way} over={isOver ? t('over') : null} onClose={() => setAsked(null)} />}
      {error !== null && <Failed error={error} onRetry={() => void Promise.all([waiting.query.refetch(), broken.query.refetch()])} />}
      {waiting.query.isSuccess && waiting.items.length === 0 && <p className="text-sm text-soft">{t('none')}</p>}
      {waiting.items.length > 0 && (
        <section aria-label={t('title')} className="grid gap-3">
          <h2 className="font-semibold">{t('title')}</h2>
          <CardList items={waiting.items} keyOf={(wait) => wait.budget_hold_id} guessPx={CARD_PX} query={ON_DEMAND} isCut={waiting.query.hasNextPage}>
            {(wait) => <Waiting wait={wait} onAsk={(way) => setAsked({ wait, way })} />}
          </CardList>
          <More query={waiting.query} />
        </section>
      )}
      {broken.query.isSuccess && broken.items.length === 0 && <p className="text-sm text-soft">{t('noneBroken')}</p>}
      {broken.items.length > 0 && (
        <section aria-label={t('broken')} className="grid gap-3">
          <h2 className="font-semibold">{t('broken')}</h2>
          <CardList items={broken.items} keyOf={(wait) => wait.budget_hold_id} guessPx={CARD_PX} query={ON_DEMAND} isCut={broken.query.hasNextPage}>
            {(wait) => <Broken wait={wait} />}
          </CardList>
          <More query={broken.query} />
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
        {limit === null ? <bdi>{seen(wait.why)}</bdi> : limits(limit)}
      </p>
    </>
  );
}

function Waiting({ wait, onAsk }: { wait: Wait; onAsk: (way: Way) => void }) {
  const t = useTranslations('waits');
  const me = useMe();
  const formats = useFormats();
  const mayDecide = may(me, 'budgets:decide');
  const forbidden = mayDecide ? null : t('mayNotDecide');
  return (
    <Card className="grid gap-2 border-wait p-4">
      <About wait={wait} />
      <p className="text-sm">{t('needs', { need: formats.usd(wait.need_micros), cost: formats.usd(wait.cost_micros) })}</p>
      <div className="flex flex-wrap gap-2">
        <Button size="small" tone="primary" forbidden={forbidden} onClick={() => onAsk('allow')}>
          {t('allow')}
        </Button>
        <Button size="small" tone="danger" forbidden={forbidden} onClick={() => onAsk('refuse')}>
          {t('refuse')}
        </Button>
        {!mayDecide && may(me, 'budgets:break_glass') && (
          <Button size="small" onClick={() => onAsk('break')}>
            {t('break')}
          </Button>
        )}
      </div>
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
          {seen(wait.reason)}
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
