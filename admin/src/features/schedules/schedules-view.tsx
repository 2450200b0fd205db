'use client';

import { useQuery } from '@tanstack/react-query';
import { CalendarClock } from 'lucide-react';
import { useTranslations } from 'use-intl';
import { Page } from '@/components/shell/page';
import { AddButton } from '@/components/ui/add-button';
import { Button } from '@/components/ui/button';
import { CardList } from '@/components/ui/card-list';
import { More } from '@/components/ui/more';
import { ON_DEMAND } from '@/components/ui/rest';
import { Segments } from '@/components/ui/segments';
import { Empty } from '@/components/ui/empty';
import { Failed, Loading, NoMatch } from '@/components/ui/states';
import { WhenPlacesKnown } from '@/components/workspace-select';
import { answer, api } from '@/lib/api/client';
import { isMissing } from '@/lib/api/problem';
import { useList } from '@/lib/list';
import { useAddress } from '@/lib/url';
import { NewSchedule } from './new-schedule';
import { OneSchedule, stateOf } from './one-schedule';

const SHOWN = ['all', 'next', 'paused', 'over'] as const;
const PAGE = 100;
/** About how tall a card is. */
const CARD_PX = 260;
/** How often the times are looked at again: what is due moves them. */
const AGAIN_MS = 30_000;

/** What is said to agents at times to come: when, with whose words, and what became of it the last time. */
export function SchedulesView() {
  const t = useTranslations('schedules');
  const { get, set } = useAddress();
  const one = get('one');
  const add = () => set({ new: '1' });
  return (
    <Page
      title={t('title')}
      actions={<AddButton label={t('new')} forbidden={null} onClick={add} />}
      bar={
        one === '' ? (
          <Segments label={t('which')} options={SHOWN.map((value) => ({ value, label: t(`shown.${value}`) }))} value={shownOf(get('show'))} onChange={(value) => set({ show: value === 'all' ? '' : value })} />
        ) : (
          <Button size="small" onClick={() => set({ one: '' })}>
            {t('showAll')}
          </Button>
        )
      }
      scrolls
    >
      {one === '' ? <List shown={shownOf(get('show'))} onAll={() => set({ show: '' })} onNew={add} /> : <Alone key={one} id={one} onAll={() => set({ one: '' })} />}
      {get('new') === '1' && (
        <WhenPlacesKnown>
          <NewSchedule onClose={() => set({ new: '' })} />
        </WhenPlacesKnown>
      )}
    </Page>
  );
}

type Shown = (typeof SHOWN)[number];

function shownOf(text: string): Shown {
  return SHOWN.find((one) => one === text) ?? 'all';
}

function List({ shown, onAll, onNew }: { shown: Shown; onAll: () => void; onNew: () => void }) {
  const t = useTranslations('schedules');
  const { query, items } = useList(['schedules'], (cursor) => answer(api.GET('/api/v1/schedules', { params: { query: { limit: PAGE, cursor } } })), AGAIN_MS);
  const found = items.filter((schedule) => shown === 'all' || stateOf(schedule) === shown);
  return (
    <>
      {query.isPending && <Loading lines={8} />}
      {query.isError && (shown !== 'all' || !query.isFetchNextPageError) && <Failed error={query.error} onRetry={() => void query.refetch()} />}
      {query.isSuccess && items.length === 0 && (
        <Empty icon={<CalendarClock className="size-5" aria-hidden />} title={t('none')} hint={t('noneHint')}>
          <Button onClick={onNew}>{t('new')}</Button>
        </Empty>
      )}
      {items.length > 0 && found.length === 0 && !query.hasNextPage && <NoMatch onClear={onAll} />}
      {found.length > 0 && (
        <div className="mx-auto w-full max-w-4xl p-4 sm:p-6">
          <CardList items={found} keyOf={(schedule) => schedule.schedule_id} label={t('title')} guessPx={CARD_PX} query={shown === 'all' ? query : ON_DEMAND} isCut={query.hasNextPage}>
            {(schedule) => <OneSchedule schedule={schedule} />}
          </CardList>
        </div>
      )}
      {shown !== 'all' && <More query={query} />}
    </>
  );
}

/** One alone, where something leads to it. */
function Alone({ id, onAll }: { id: string; onAll: () => void }) {
  const t = useTranslations('schedules');
  const schedule = useQuery({ queryKey: ['schedules', 'one', id], queryFn: () => answer(api.GET('/api/v1/schedules/{id}', { params: { path: { id } } })), refetchInterval: AGAIN_MS });
  if (isMissing(schedule.error)) {
    return (
      <Empty icon={<CalendarClock className="size-5" aria-hidden />} title={t('gone')} hint={t('goneHint')}>
        <Button onClick={onAll}>{t('showAll')}</Button>
      </Empty>
    );
  }
  return (
    <div className="mx-auto grid w-full max-w-4xl gap-3 p-4 sm:p-6">
      {schedule.isPending && <Loading lines={6} />}
      {schedule.isError && <Failed error={schedule.error} onRetry={() => void schedule.refetch()} />}
      {schedule.data !== undefined && <OneSchedule schedule={schedule.data} />}
    </div>
  );
}
