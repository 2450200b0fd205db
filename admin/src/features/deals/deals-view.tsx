'use client';

import { useQuery } from '@tanstack/react-query';
import { HandCoins } from 'lucide-react';
import { useTranslations } from 'use-intl';
import { Page } from '@/components/shell/page';
import { AddButton } from '@/components/ui/add-button';
import { Empty } from '@/components/ui/empty';
import { Failed, Loading, Problem } from '@/components/ui/states';
import { WhenPlacesKnown } from '@/components/workspace-select';
import { answer, api } from '@/lib/api/client';
import { may, useMe } from '@/lib/me';
import { useAddress } from '@/lib/url';
import { Board } from './board';
import { DealForm } from './deal-form';
import { useMoves } from './use-move';

/** Deals on a board by stage. */
export function DealsView() {
  const t = useTranslations('deals');
  const me = useMe();
  const { get, set } = useAddress();
  const stages = useQuery({ queryKey: ['deals', 'stages'], queryFn: () => answer(api.GET('/api/v1/deals/stages')) });
  const moves = useMoves();
  const forbidden = may(me, 'contacts:write') ? null : t('mayNotWrite');
  return (
    <Page title={t('title')} actions={<AddButton label={t('add')} forbidden={forbidden} onClick={() => set({ new: '1' })} />}>
      {stages.isPending && <Loading lines={8} />}
      {stages.isError && <Failed error={stages.error} onRetry={() => void stages.refetch()} />}
      {stages.isSuccess && stages.data.items.length === 0 && <Empty icon={<HandCoins className="size-5" aria-hidden />} title={t('none')} hint={t('noneHint')} />}
      {moves.error !== null && (
        <div className="p-4 pb-0">
          <Problem error={moves.error} />
        </div>
      )}
      {stages.data?.is_cut === true && <p className="px-4 pt-3 text-sm text-soft">{t('full', { count: stages.data.items.length })}</p>}
      {stages.data !== undefined && stages.data.items.length > 0 && (
        <Board
          stages={stages.data.items}
          stage={get('stage')}
          onStage={(stage) => set({ stage })}
          onMove={moves.move}
          stageOf={moves.stageOf}
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
