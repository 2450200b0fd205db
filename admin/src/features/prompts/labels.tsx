'use client';

import { Tag } from 'lucide-react';
import { useTranslations } from 'use-intl';
import { ChangeCard } from '@/components/change-card';
import { CardList } from '@/components/ui/card-list';
import { Empty } from '@/components/ui/empty';
import { Failed, Loading } from '@/components/ui/states';
import { answer, api } from '@/lib/api/client';
import { useList } from '@/lib/list';

const PAGE = 100;
/** About how tall a card is. */
const CARD_PX = 150;

/** Every proposal to move a label, newest first, with who decided on it. Each opens with the texts it is about. */
export function Labels() {
  const t = useTranslations('prompts.labels');
  const { query, items } = useList(['changes', 'labels'], (cursor) => answer(api.GET('/api/v1/changes', { params: { query: { kind: 'prompt_label', limit: PAGE, cursor } } })));
  return (
    <div className="mx-auto grid w-full max-w-4xl grid-cols-[minmax(0,1fr)] gap-3 p-4 sm:p-6">
      {query.isPending && <Loading lines={6} className="px-0" />}
      {query.isError && !query.isFetchNextPageError && <Failed error={query.error} onRetry={() => void query.refetch()} />}
      {query.isSuccess && items.length === 0 && <Empty icon={<Tag className="size-5" aria-hidden />} title={t('none')} hint={t('noneHint')} />}
      {items.length > 0 && (
        <CardList items={items} keyOf={(change) => change.governance_change_id} guessPx={CARD_PX} query={query}>
          {(change) => <ChangeCard change={change} />}
        </CardList>
      )}
      {items.length > 0 && !query.hasNextPage && <p className="text-sm text-soft">{t('before')}</p>}
    </div>
  );
}
