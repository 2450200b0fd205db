'use client';

import { GitPullRequestArrow } from 'lucide-react';
import { useTranslations } from 'use-intl';
import { ChangeCard } from '@/components/change-card';
import { Page } from '@/components/shell/page';
import { CardList } from '@/components/ui/card-list';
import { Select } from '@/components/ui/field';
import { Segments } from '@/components/ui/segments';
import { Empty } from '@/components/ui/empty';
import { Failed, Loading, NoMatch } from '@/components/ui/states';
import { answer, api } from '@/lib/api/client';
import { KINDS } from '@/lib/change';
import { useList } from '@/lib/list';
import { useAddress } from '@/lib/url';

const SHOWN = ['waiting', 'all'] as const;
const PAGE = 100;
/** About how tall a card is that nobody has decided on. */
const CARD_PX = 120;

/** What is proposed of all that governs: rules, prompt labels, grants, tools and plugins. */
export function ChangesView() {
  const t = useTranslations('changes');
  const { get, set } = useAddress();
  const shown = SHOWN.find((one) => one === get('show')) ?? 'waiting';
  const kind = KINDS.find((one) => one === get('kind'));
  const state = shown === 'waiting' ? 'proposed' : undefined;
  const { query, items } = useList(['changes', 'list', shown, kind], (cursor) => answer(api.GET('/api/v1/changes', { params: { query: { kind, state, limit: PAGE, cursor } } })));
  return (
    <Page
      title={t('title')}
      bar={
        <div className="flex flex-wrap items-end justify-between gap-2">
          <Segments label={t('show')} options={SHOWN.map((value) => ({ value, label: t(`shown.${value}`) }))} value={shown} onChange={(value) => set({ show: value === 'waiting' ? '' : value })} />
          <Select label={t('kind')} isLabelHidden value={kind ?? ''} onChange={(event) => set({ kind: event.target.value })}>
            <option value="">{t('anyKind')}</option>
            {KINDS.map((one) => (
              <option key={one} value={one}>
                {t(`kinds.${one}`)}
              </option>
            ))}
          </Select>
        </div>
      }
      scrolls
    >
      {query.isPending && <Loading lines={8} />}
      {query.isError && !query.isFetchNextPageError && <Failed error={query.error} onRetry={() => void query.refetch()} />}
      {query.isSuccess &&
        items.length === 0 &&
        (kind === undefined ? (
          <Empty icon={<GitPullRequestArrow className="size-5" aria-hidden />} title={shown === 'waiting' ? t('none') : t('noneEver')} hint={t('noneHint')} />
        ) : (
          <NoMatch onClear={() => set({ kind: '' })} />
        ))}
      {items.length > 0 && (
        <div className="mx-auto w-full max-w-4xl p-4 sm:p-6">
          <CardList items={items} keyOf={(change) => change.governance_change_id} label={t('title')} guessPx={CARD_PX} query={query}>
            {(change) => <ChangeCard change={change} />}
          </CardList>
        </div>
      )}
    </Page>
  );
}
