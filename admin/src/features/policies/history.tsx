'use client';

import { History as HistoryIcon } from 'lucide-react';
import { useTranslations } from 'use-intl';
import { ChangeCard } from '@/components/change-card';
import { Badge } from '@/components/ui/badge';
import { CardList } from '@/components/ui/card-list';
import { Empty } from '@/components/ui/empty';
import { Failed, Loading } from '@/components/ui/states';
import { answer, api } from '@/lib/api/client';
import { useList } from '@/lib/list';

const PAGE = 100;
/** About how tall a card is. */
const CARD_PX = 150;

/** The sets of rules that were approved, newest first: each held until the next. */
export function History() {
  const t = useTranslations('policies.history');
  const { query, items } = useList(['policies', 'history', 'list'], (cursor) => answer(api.GET('/api/v1/policies/history', { params: { query: { limit: PAGE, cursor } } })));
  return (
    <>
      {query.isPending && <Loading lines={6} className="px-0" />}
      {query.isError && !query.isFetchNextPageError && <Failed error={query.error} onRetry={() => void query.refetch()} />}
      {query.isSuccess && items.length === 0 && <Empty icon={<HistoryIcon className="size-5" aria-hidden />} title={t('none')} hint={t('noneHint')} />}
      {items.length > 0 && (
        <CardList items={items} keyOf={(change) => change.governance_change_id} guessPx={CARD_PX} query={query}>
          {(change, at) => <ChangeCard change={change} title={t('version', { number: change.version ?? 0 })} mark={at === 0 ? <Badge tone="accent">{t('inForce')}</Badge> : undefined} />}
        </CardList>
      )}
      {items.length > 0 && !query.hasNextPage && <p className="text-sm text-soft">{t('before')}</p>}
    </>
  );
}
