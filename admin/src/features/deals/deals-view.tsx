'use client';

import { HandCoins } from 'lucide-react';
import { useEffect } from 'react';
import { useTranslations } from 'use-intl';
import { Page } from '@/components/shell/page';
import { AddButton } from '@/components/ui/add-button';
import { Empty, Failed, Loading, Problem } from '@/components/ui/states';
import { WhenPlacesKnown } from '@/components/workspace-select';
import { answer, api } from '@/lib/api/client';
import { useList } from '@/lib/list';
import { may, useMe } from '@/lib/me';
import { useAddress } from '@/lib/url';
import { Board } from './board';
import { DealForm } from './deal-form';
import { useMove } from './use-move';

const PAGE = 200;
/** A board of more says so, and shows the oldest of them. */
const DEALS_MAX = 1_000;

/** Deals on a board by stage. */
export function DealsView() {
  const t = useTranslations('deals');
  const me = useMe();
  const { get, set } = useAddress();
  const { query, items } = useList(['deals', 'board'], (cursor) => answer(api.GET('/api/v1/deals', { params: { query: { limit: PAGE, cursor } } })));
  const move = useMove();
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = query;
  const isFull = items.length >= DEALS_MAX;
  useEffect(() => {
    if (hasNextPage && !isFetchingNextPage && !isFull) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage, isFull]);
  const forbidden = may(me, 'contacts:write') ? null : t('mayNotWrite');
  return (
    <Page title={t('title')} actions={<AddButton label={t('add')} forbidden={forbidden} onClick={() => set({ new: '1' })} />}>
      {query.isPending && <Loading lines={8} />}
      {query.isError && <Failed error={query.error} onRetry={() => void query.refetch()} />}
      {query.isSuccess && items.length === 0 && <Empty icon={<HandCoins className="size-5" aria-hidden />} title={t('none')} hint={t('noneHint')} />}
      {move.isError && (
        <div className="p-4 pb-0">
          <Problem error={move.error} />
        </div>
      )}
      {isFull && hasNextPage && <p className="px-4 pt-3 text-sm text-soft">{t('full', { count: DEALS_MAX })}</p>}
      {items.length > 0 && (
        <Board
          deals={items}
          stage={get('stage')}
          onStage={(stage) => set({ stage })}
          onMove={(deal, stage) => {
            if (!move.isPending) move.mutate({ deal, stage });
          }}
          forbidden={forbidden}
        />
      )}
      {get('new') !== '' && (
        <WhenPlacesKnown>
          <DealForm stage={get('stage') || 'new'} onClose={() => set({ new: '' })} />
        </WhenPlacesKnown>
      )}
    </Page>
  );
}
