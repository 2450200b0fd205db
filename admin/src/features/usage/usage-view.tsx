'use client';

import { useQuery } from '@tanstack/react-query';
import { ChartColumn } from 'lucide-react';
import { useTranslations } from 'use-intl';
import { BudgetMeter, usePeriodText, useScopeName, useSpentText } from '@/components/budget-meter';
import { PersonName } from '@/components/person-name';
import { Page } from '@/components/shell/page';
import { ToolName } from '@/components/tool-name';
import { Card } from '@/components/ui/card';
import { ExportButton } from '@/components/ui/export-button';
import { Link } from '@/components/ui/link';
import { Segments } from '@/components/ui/segments';
import { Empty } from '@/components/ui/empty';
import { Failed, Loading } from '@/components/ui/states';
import { addressOf } from '@/lib/api/address';
import type { Schemas } from '@/lib/api/client';
import { cx } from '@/lib/cx';
import { useFormats } from '@/lib/format';
import { byOf, BYS, everyDay, PERIODS, periodOf, type By } from '@/lib/usage';
import { useAddress } from '@/lib/url';
import { useUsage } from '@/lib/use-usage';
import { allBudgets } from '@/lib/whole-lists';

type Item = Schemas['UsageItem'];

/** What was used and what it cost: bars for the eye, and the same as a table for everybody. */
export function UsageView() {
  const t = useTranslations('usage');
  const { get, set } = useAddress();
  const [by, period] = [byOf(get('by')), periodOf(get('days'))];
  const { usage, asked } = useUsage(by, Number(period));
  return (
    <Page title={t('title')} actions={<ExportButton kind="csv" label={t('exportCsv')} address={addressOf('/api/v1/usage', { query: { by, from: asked.from, to: asked.to } })} name={`usage-${by}`} />}>
      <div className="mx-auto grid w-full max-w-5xl grid-cols-[minmax(0,1fr)] gap-4 p-4 sm:p-6">
        <div className="flex flex-wrap gap-3">
          <Segments label={t('by')} options={BYS.map((value) => ({ value, label: t(`bys.${value}`) }))} value={by} onChange={(value) => set({ by: value })} />
          <Segments
            label={t('period')}
            options={PERIODS.map((value) => ({ value, label: t('days', { count: Number(value) }) }))}
            value={period}
            onChange={(value) => set({ days: value })}
          />
        </div>
        {usage.isPending && <Loading lines={6} />}
        {usage.isError && <Failed error={usage.error} onRetry={() => void usage.refetch()} />}
        {usage.data?.items.length === 0 && <Empty icon={<ChartColumn className="size-5" aria-hidden />} title={t('none')} hint={t('noneHint')} />}
        {usage.data !== undefined && usage.data.items.length > 0 && <Shown usage={usage.data} />}
        {!usage.isPending && <Budgets />}
      </div>
    </Page>
  );
}

/** In the order of what the page adds up. */
function mostFirst(items: readonly Item[], by: By): Item[] {
  const measure = measureOf(by);
  return [...items].sort((a, b) => measure(b) - measure(a));
}

/** What bars are as long as: money, and with tools the number of calls. */
function measureOf(by: By): (item: Item) => number {
  return by === 'tool' ? (item) => item.times : (item) => item.cost_micros;
}

function Shown({ usage }: { usage: Schemas['UsageView'] }) {
  const t = useTranslations('usage');
  const formats = useFormats();
  const by = byOf(usage.by);
  const total = usage.items.reduce((sum, item) => sum + measureOf(by)(item), 0);
  return (
    <>
      <p className="text-lg font-semibold">{by === 'tool' ? t('totalCalls', { count: total }) : t('total', { cost: formats.usd(total) })}</p>
      <Card className="p-4">{by === 'day' ? <Days usage={usage} /> : <Bars items={usage.items} by={by} />}</Card>
      <Table items={usage.items} by={by} />
      {usage.is_cut && <p className="text-sm text-wait">{t('cut')}</p>}
      <p className="text-sm text-soft">{t('note')}</p>
    </>
  );
}

/** What may be spent, beside what was: each limit with what is left of it. */
function Budgets() {
  const t = useTranslations('usage.budgets');
  const [nameOf, spentOf, lastsFor] = [useScopeName(), useSpentText(), usePeriodText()];
  const budgets = useQuery(allBudgets);
  return (
    <section aria-label={t('title')} className="grid gap-3">
      <div className="flex flex-wrap items-baseline justify-between gap-2">
        <h2 className="text-base font-semibold">{t('title')}</h2>
        <Link href="/budgets" className="text-sm text-accent underline underline-offset-2">
          {t('all')}
        </Link>
      </div>
      {budgets.isPending && <Loading lines={3} className="px-0" />}
      {budgets.isError && <Failed error={budgets.error} onRetry={() => void budgets.refetch()} />}
      {budgets.data?.length === 0 && <p className="text-sm text-soft">{t('none')}</p>}
      {budgets.data !== undefined && budgets.data.length > 0 && (
        <ul className="grid gap-3 sm:grid-cols-2">
          {budgets.data.map((budget) => (
            <li key={budget.budget_id}>
              <Card className="grid gap-2 p-4">
                <p className="text-sm font-medium">
                  <bdi>{nameOf(budget)}</bdi> <span className="font-normal text-soft">{lastsFor(budget)}</span>
                </p>
                <BudgetMeter budget={budget} />
                <p className="text-sm">{spentOf(budget)}</p>
              </Card>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

const HEIGHT = 120;
const STEP = 10;

/** A bar a day. The table below says the same in numbers, so the picture itself is not read out. */
function Days({ usage }: { usage: Schemas['UsageView'] }) {
  const formats = useFormats();
  const days = everyDay(usage.items, usage.from.slice(0, 10), usage.to.slice(0, 10));
  const most = Math.max(1, ...days.map(({ item }) => item?.cost_micros ?? 0));
  const [first, last] = [days[0], days[days.length - 1]];
  return (
    <div aria-hidden className="grid gap-1">
      <p className="text-xs text-soft">{formats.usd(most)}</p>
      <svg viewBox={`0 0 ${days.length * STEP} ${HEIGHT}`} preserveAspectRatio="none" className="h-32 w-full rtl:-scale-x-100">
        <line x1="0" x2={days.length * STEP} y1={HEIGHT - 0.5} y2={HEIGHT - 0.5} className="stroke-edge" vectorEffect="non-scaling-stroke" />
        {days.map(({ day, item }, at) => {
          const cost = item?.cost_micros ?? 0;
          // What cost something is seen, however little it was.
          const height = cost === 0 ? 0 : Math.max(2, (cost / most) * HEIGHT);
          return <rect key={day} x={at * STEP + 1} y={HEIGHT - height} width={STEP - 2} height={height} className="fill-accent" />;
        })}
      </svg>
      <p className="flex justify-between gap-4 text-xs text-soft">
        <span>{first !== undefined && formats.utcDay(first.day)}</span>
        <span>{last !== undefined && formats.utcDay(last.day)}</span>
      </p>
    </div>
  );
}

const BARS_MAX = 12;

/** The most of them, one bar each. */
function Bars({ items, by }: { items: readonly Item[]; by: By }) {
  const formats = useFormats();
  const measure = measureOf(by);
  const shown = mostFirst(items, by).slice(0, BARS_MAX);
  const most = Math.max(1, ...shown.map(measure));
  return (
    <ul aria-hidden className="grid gap-3">
      {shown.map((item) => (
        <li key={item.key} className="grid gap-1">
          <p className="flex items-baseline justify-between gap-3 text-sm">
            <span className="min-w-0 truncate">
              <Key by={by} value={item.key} />
            </span>
            <span className="shrink-0 tabular-nums">{by === 'tool' ? formats.number(item.times) : formats.usd(item.cost_micros)}</span>
          </p>
          <svg viewBox="0 0 1000 8" preserveAspectRatio="none" className="h-2 w-full rtl:-scale-x-100">
            <rect width="1000" height="8" rx="4" className="fill-sunken" />
            <rect width={measure(item) === 0 ? 0 : Math.max(8, (measure(item) / most) * 1_000)} height="8" rx="4" className="fill-accent" />
          </svg>
        </li>
      ))}
    </ul>
  );
}

function Key({ by, value }: { by: By; value: string }) {
  const formats = useFormats();
  if (by === 'person') return <PersonName id={value} />;
  if (by === 'tool') return <ToolName name={value} />;
  return by === 'day' ? formats.utcDay(value) : <bdi>{value}</bdi>;
}

function Table({ items, by }: { items: readonly Item[]; by: By }) {
  const t = useTranslations('usage');
  const formats = useFormats();
  const columns: [string, (item: Item) => string][] =
    by === 'tool'
      ? [
          [t('calls'), (item) => formats.number(item.times)],
          [t('time'), (item) => formats.ms(item.ms)],
          [t('fuel'), (item) => formats.number(item.fuel)],
          [t('requests'), (item) => formats.number(item.requests)],
          [t('bytes'), (item) => formats.binary(item.bytes)],
          [t('runs'), (item) => formats.number(item.runs)],
          [t('cost'), (item) => formats.usd(item.cost_micros)],
        ]
      : [
          [t('cost'), (item) => formats.usd(item.cost_micros)],
          [t('tokens'), (item) => formats.number(item.tokens)],
          [t('answers'), (item) => formats.number(item.times)],
          [t('runs'), (item) => formats.number(item.runs)],
        ];
  const rows = by === 'day' ? [...items].reverse() : mostFirst(items, by);
  return (
    <div role="region" aria-label={t('table')} tabIndex={0} className="overflow-x-auto rounded-xl border border-line">
      <table className="w-full text-sm">
        <thead>
          <tr className="border-b border-line text-soft">
            <th scope="col" className="px-3 py-2 text-start font-medium">
              {t(`bys.${by}`)}
            </th>
            {columns.map(([name]) => (
              <th key={name} scope="col" className="px-3 py-2 text-end font-medium whitespace-nowrap">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody className="divide-y divide-line">
          {rows.map((item) => (
            <tr key={item.key}>
              {/* A day is read as one; what has a long name may take lines. */}
              <th scope="row" className={cx('px-3 py-2 text-start font-normal', by === 'day' ? 'whitespace-nowrap' : 'max-w-56 break-words')}>
                <Key by={by} value={item.key} />
              </th>
              {columns.map(([name, show]) => (
                <td key={name} className="px-3 py-2 text-end whitespace-nowrap tabular-nums">
                  {show(item)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
