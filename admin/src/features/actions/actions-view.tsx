'use client';

import { Ban, ListChecks } from 'lucide-react';
import { useCallback } from 'react';
import { useTranslations } from 'use-intl';
import { SavedViews } from '@/components/saved-views';
import { SearchField } from '@/components/search-field';
import { Page } from '@/components/shell/page';
import { Dialog } from '@/components/ui/dialog';
import { ExportButton } from '@/components/ui/export-button';
import { Input } from '@/components/ui/field';
import { Segments } from '@/components/ui/segments';
import { Empty } from '@/components/ui/empty';
import { Failed, Loading, NoMatch } from '@/components/ui/states';
import { addressOf } from '@/lib/api/address';
import { useAddress } from '@/lib/url';
import { useAction } from '@/lib/use-action';
import { ActionDetail } from './action-detail';
import { ActionList } from './action-list';
import { queryOf, useActions, type Filter } from './api';

const VERDICTS = ['', 'allowed', 'held', 'blocked'] as const;

/** As the address writes the filters. */
const NO_FILTERS = { q: '', verdict: '', tool: '', from: '', to: '', run: '' };

/** The log of everything an agent wanted to do; `only` makes it the log of one verdict. */
export function ActionsView({ only }: { only?: 'blocked' }) {
  const t = useTranslations('actions');
  const address = useAddress();
  const filter: Filter = { words: address.get('q'), verdict: only ?? address.get('verdict'), tool: address.get('tool'), from: address.get('from'), to: address.get('to'), run: address.get('run') };
  const actions = useActions(filter);
  const all = actions.data?.pages.flatMap((page) => page.items) ?? [];
  const openId = address.get('open');
  const listed = all.find((action) => action.decision_id === openId);
  // A link may name one that is far down in the log, or does not fit the filters.
  const fetched = useAction(listed === undefined ? openId : '');
  const open = listed ?? fetched.data;
  const close = () => address.set({ open: '' });
  const isFiltered = filter.words !== '' || filter.tool !== '' || filter.from !== '' || filter.to !== '' || filter.run !== '' || (only === undefined && filter.verdict !== '');
  const clear = () => address.set(NO_FILTERS);
  const title = only === undefined ? t('title') : t('blockedTitle');
  return (
    <Page title={title} actions={<Exports filter={filter} name={only ?? 'actions'} />} bar={<Filters filter={filter} page={only ?? 'actions'} onChange={address.set} />} scrolls>
      {actions.isPending && <Loading lines={8} />}
      {actions.isError && !actions.isFetchNextPageError && <Failed error={actions.error} onRetry={() => void actions.refetch()} />}
      {actions.isSuccess && all.length === 0 && (isFiltered ? <NoMatch onClear={clear} /> : <Nothing only={only} />)}
      {all.length > 0 && (
        <ActionList actions={all} openId={openId} onOpen={(id) => address.set({ open: id })} query={actions} />
      )}
      {open !== undefined && <ActionDetail action={open} onClose={close} />}
      {open === undefined && openId.startsWith('dec_') && (fetched.isError || fetched.isPending) && (
        <Dialog title={t('one')} isTall onClose={close} place="side">
          {fetched.isError ? <Failed error={fetched.error} onRetry={() => void fetched.refetch()} /> : <Loading lines={5} />}
        </Dialog>
      )}
    </Page>
  );
}

function Nothing({ only }: { only: 'blocked' | undefined }) {
  const t = useTranslations('actions');
  return only === undefined ? (
    <Empty icon={<ListChecks className="size-5" aria-hidden />} title={t('none')} hint={t('noneHint')} />
  ) : (
    <Empty icon={<Ban className="size-5" aria-hidden />} title={t('noneBlocked')} hint={t('noneBlockedHint')} />
  );
}

function Filters({ filter, page, onChange }: { filter: Filter; page: 'actions' | 'blocked'; onChange: (changes: Record<string, string>) => void }) {
  const t = useTranslations('actions');
  const verdicts = useTranslations('verdict');
  const search = useCallback((tool: string) => onChange({ tool }), [onChange]);
  const look = useCallback((q: string) => onChange({ q }), [onChange]);
  const { words: q, verdict, tool, from, to, run } = filter;
  const hasVerdict = page === 'actions';
  return (
    <div className="grid grid-cols-2 items-end gap-2 sm:flex sm:flex-wrap">
      {hasVerdict && (
        <div className="col-span-2 sm:basis-full">
          <Segments label={t('which')} options={VERDICTS.map((value) => ({ value, label: value === '' ? t('all') : verdicts(value) }))} value={VERDICTS.find((one) => one === filter.verdict) ?? ''} onChange={(verdict) => onChange({ verdict })} />
        </div>
      )}
      <div className="col-span-2 sm:w-96">
        <SearchField label={t('words')} value={filter.words} onChange={look} />
      </div>
      <div className="col-span-2 sm:w-52">
        <SearchField label={t('tool')} value={filter.tool} onChange={search} />
      </div>
      <Input label={t('from')} type="date" value={filter.from} onChange={(event) => onChange({ from: event.target.value })} />
      <Input label={t('to')} type="date" value={filter.to} onChange={(event) => onChange({ to: event.target.value })} />
      <div className="col-span-2 empty:hidden sm:basis-full">
        <SavedViews page={page} now={{ q, verdict: hasVerdict ? verdict : '', tool, from, to, run }} onApply={(filters) => onChange({ ...NO_FILTERS, ...filters })} />
      </div>
    </div>
  );
}

function Exports({ filter, name }: { filter: Filter; name: string }) {
  const t = useTranslations('actions');
  const list = { address: addressOf('/api/v1/actions', { query: queryOf(filter) }), name };
  return (
    <>
      <ExportButton {...list} kind="csv" label={t('exportCsv')} />
      <ExportButton {...list} kind="jsonl" label={t('exportJsonl')} />
    </>
  );
}
