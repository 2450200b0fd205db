'use client';

import { useEffectEvent, useLayoutEffect, useRef, useState } from 'react';
import { useTranslations } from 'use-intl';
import { useStageNames } from '@/components/record/stage';
import { Button } from '@/components/ui/button';
import { Link } from '@/components/ui/link';
import { Segments } from '@/components/ui/segments';
import { Failed, Loading } from '@/components/ui/states';
import { Ago } from '@/components/ui/time';
import { answer, api, type Schemas } from '@/lib/api/client';
import { cx } from '@/lib/cx';
import { useFormats } from '@/lib/format';
import { useList } from '@/lib/list';
import { useMedia } from '@/lib/media';
import { beside, columnsOf } from '@/lib/stages';

type Deal = Schemas['DealView'];
type Stage = Schemas['StageView'];

interface BoardProps {
  /** Stages that deals stand at, with what stands at each. */
  stages: readonly Stage[];
  /** The column that a narrow screen shows. */
  stage: string;
  onStage: (stage: string) => void;
  onMove: (deal: Deal, stage: string) => void;
  /** Where a deal is once its moves have arrived: it may be on its way. */
  stageOf: (deal: Deal) => string;
  /** Why nothing can be moved, if so. */
  forbidden: string | null;
}

/** Deals by stage: columns side by side, or one at a time where there is no room. */
export function Board({ stages, stage, onStage, onMove, stageOf, forbidden }: BoardProps) {
  const t = useTranslations('deals');
  const names = useStageNames();
  const isWide = useMedia('(min-width: 64rem)');
  // The stage that is asked for has a column, also where it is none of those with the most deals.
  const columns = columnsOf([...stages.map((one) => one.stage), ...(stage === '' ? [] : [stage])]);
  const of = (column: string): Stage => stages.find((one) => one.stage === column) ?? { stage: column, count: 0, amounts: [] };
  // Moved without a pointer, a deal has the focus, and keeps it in the column where it arrives.
  const carried = useRef<string | null>(null);
  const onCarry = (deal: Deal, to: string) => {
    carried.current = deal.deal_id;
    onMove(deal, to);
  };
  const isCarried = (deal: Deal) => {
    if (carried.current !== deal.deal_id) return false;
    if (stageOf(deal) === deal.stage) carried.current = null;
    return true;
  };
  const shared = { columns, onMove, onCarry, isCarried, stageOf, forbidden };
  if (!isWide) {
    const shown = columns.includes(stage) ? stage : (columns.find((column) => of(column).count > 0) ?? columns[0] ?? 'new');
    return (
      <div className="grid gap-3 p-4">
        <Segments label={t('stage')} options={columns.map((value) => ({ value, label: `${names(value)} ${of(value).count}` }))} value={shown} onChange={onStage} />
        <Column key={shown} {...shared} stage={of(shown)} isAsked={shown === stage} />
      </div>
    );
  }
  return (
    <div className="flex h-full min-h-0 gap-3 overflow-x-auto p-4">
      {columns.map((column) => (
        <Column key={column} {...shared} stage={of(column)} isAsked={column === stage} />
      ))}
    </div>
  );
}

/** The kind of what is dragged: nothing else is taken. */
const KIND = 'application/x-steward-deal';

interface ColumnProps extends Pick<BoardProps, 'onMove' | 'stageOf' | 'forbidden'> {
  stage: Stage;
  columns: string[];
  isAsked: boolean;
  /** Moves a deal that has the focus. */
  onCarry: (deal: Deal, stage: string) => void;
  /** Whether it was that deal which was moved; said once where it stays. */
  isCarried: (deal: Deal) => boolean;
}

function Column({ isAsked, onMove, ...rest }: ColumnProps) {
  const { stage, stageOf, forbidden } = rest;
  const t = useTranslations('deals');
  const formats = useFormats();
  const names = useStageNames();
  const [isOver, setIsOver] = useState(false);
  return (
    <section
      aria-label={names(stage.stage)}
      tabIndex={-1}
      data-column
      className={cx('flex min-h-24 flex-col gap-2 rounded-xl bg-sunken p-2 lg:min-h-0 lg:min-w-40 lg:flex-1', isOver && 'outline-2 outline-accent')}
      onDragOver={(event) => {
        if (forbidden !== null || !event.dataTransfer.types.includes(KIND)) return;
        event.preventDefault();
        setIsOver(true);
      }}
      onDragLeave={() => setIsOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setIsOver(false);
        // The deal itself is not in this column: whoever drags carries it. What another window carries is none that is known here.
        const given = dragged.deal;
        dragged.deal = null;
        if (given?.deal_id === event.dataTransfer.getData(KIND) && stageOf(given) !== stage.stage) onMove(given, stage.stage);
      }}
    >
      <h2 className="flex items-baseline justify-between gap-2 px-1 text-sm font-semibold">
        <span className="truncate">{names(stage.stage)}</span>
        <span className="text-xs font-normal text-soft">{formats.number(stage.count)}</span>
      </h2>
      <p className="px-1 text-xs text-soft">{stage.amounts.map(formats.money).join(' · ') || t('noWorth')}</p>
      {(stage.count > 0 || isAsked) && <Cards {...rest} />}
    </section>
  );
}

/** A column of hundreds is no board any more: it shows so many cards, and more on demand. */
const CARDS_AT_ONCE = 50;

/** The deals of a column, the newest first. */
function Cards({ stage, stageOf, ...rest }: Omit<ColumnProps, 'isAsked' | 'onMove'>) {
  const t = useTranslations('deals');
  const { query, items } = useList(['deals', 'board', stage.stage], (cursor) => answer(api.GET('/api/v1/deals', { params: { query: { stage: stage.stage, order: 'newest', limit: CARDS_AT_ONCE, cursor } } })));
  return (
    <>
      {query.isPending && <Loading />}
      {query.isError && <Failed error={query.error} onRetry={() => void query.refetch()} />}
      {items.length > 0 && (
        <ul className="grid content-start gap-2 overflow-y-auto pb-1">
          {items.map((deal) => (
            <DealCard key={deal.deal_id} deal={deal} goal={stageOf(deal)} {...rest} />
          ))}
        </ul>
      )}
      {query.hasNextPage && (
        <Button size="small" isBusy={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
          {/* How many there are may be from before another was made. */}
          {t('more', { count: Math.max(stage.count - items.length, 1) })}
        </Button>
      )}
    </>
  );
}

/** What the pointer carries. Browsers hide a drag's content until it is dropped, and the whole deal is no text. */
const dragged: { deal: Deal | null } = { deal: null };

interface DealCardProps extends Pick<ColumnProps, 'columns' | 'onCarry' | 'isCarried' | 'forbidden'> {
  deal: Deal;
  /** Where it goes, or stands. */
  goal: string;
}

/** Whether the focus may go to a deal that was moved: it is nowhere, at a column that the deal left, or with the deal itself. Elsewhere somebody took it. */
function isFocusFree(deal: string): boolean {
  const now = document.activeElement;
  return now === null || now === document.body || now.hasAttribute('data-column') || now.closest('[data-deal]')?.getAttribute('data-deal') === deal;
}

function DealCard({ deal, goal, columns, onCarry, isCarried, forbidden }: DealCardProps) {
  const t = useTranslations('deals');
  const formats = useFormats();
  const names = useStageNames();
  const card = useRef<HTMLLIElement>(null);
  const link = useRef<HTMLAnchorElement>(null);
  const arrive = useEffectEvent(() => {
    if (isCarried(deal) && isFocusFree(deal.deal_id)) link.current?.focus();
  });
  useLayoutEffect(() => {
    const own = card.current;
    arrive();
    return () => {
      // A card that goes away takes the focus along, and the next key would begin at the top of the page.
      if (own?.contains(document.activeElement) === true) own.closest<HTMLElement>('[data-column]')?.focus({ preventScroll: true });
    };
  }, []);
  const step = (key: string): 1 | -1 | null => {
    if (key !== 'ArrowLeft' && key !== 'ArrowRight') return null;
    const isRtl = document.documentElement.dir === 'rtl';
    return (key === 'ArrowRight') === isRtl ? -1 : 1;
  };
  return (
    <li
      ref={card}
      data-deal={deal.deal_id}
      draggable={forbidden === null}
      onDragStart={(event) => {
        event.dataTransfer.setData(KIND, deal.deal_id);
        event.dataTransfer.effectAllowed = 'move';
        dragged.deal = deal;
      }}
      onDragEnd={() => {
        dragged.deal = null;
      }}
      className="grid gap-1 rounded-lg border border-line bg-surface p-2.5 text-sm"
    >
      <Link
        ref={link}
        href={`/deals/${deal.deal_id}`}
        draggable={false}
        aria-keyshortcuts="Shift+ArrowLeft Shift+ArrowRight"
        className="font-medium hover:underline"
        onKeyDown={(event) => {
          const to = event.shiftKey ? step(event.key) : null;
          const stage = to === null ? null : beside(columns, goal, to);
          if (to === null) return;
          event.preventDefault();
          if (stage !== null && forbidden === null) onCarry(deal, stage);
        }}
      >
        <bdi>{deal.title}</bdi>
      </Link>
      {deal.company_name != null && (
        <span className="truncate text-soft">
          <bdi>{deal.company_name}</bdi>
        </span>
      )}
      {deal.contact_name != null && (
        <span className="truncate text-soft">
          <bdi>{deal.contact_name}</bdi>
        </span>
      )}
      <span className="flex flex-wrap items-center justify-between gap-x-2 text-xs text-soft">
        {deal.amount != null && <span className="text-sm font-medium text-ink">{formats.money(deal.amount)}</span>}
        <Ago at={deal.changed_at} />
      </span>
      <select
        aria-label={t('move', { deal: deal.title })}
        title={forbidden ?? undefined}
        aria-disabled={forbidden !== null || undefined}
        value={goal}
        onChange={(event) => {
          if (forbidden === null) onCarry(deal, event.target.value);
        }}
        className={cx('mt-1 min-h-11 w-full rounded-md border border-edge bg-surface px-2 text-sm sm:min-h-8', forbidden !== null && 'opacity-55')}
      >
        {columns.map((stage) => (
          <option key={stage} value={stage}>
            {names(stage)}
          </option>
        ))}
      </select>
    </li>
  );
}
