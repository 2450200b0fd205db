'use client';

import { Ban, Download, ListChecks } from 'lucide-react';
import { useCallback, useState } from 'react';
import { useTranslations } from 'use-intl';
import { SearchField } from '@/components/search-field';
import { Page } from '@/components/shell/page';
import { Button } from '@/components/ui/button';
import { Input } from '@/components/ui/field';
import { Segments } from '@/components/ui/segments';
import { Empty, Failed, Loading, NoMatch, Problem } from '@/components/ui/states';
import { download } from '@/lib/download';
import { useAddress } from '@/lib/url';
import { ActionDetail } from './action-detail';
import { ActionList } from './action-list';
import { exportActions, useActions, type Export, type Filter } from './api';

const VERDICTS = ['', 'allowed', 'held', 'blocked'] as const;

/** The log of everything an agent wanted to do; `only` makes it the log of one verdict. */
export function ActionsView({ only }: { only?: 'blocked' }) {
  const t = useTranslations('actions');
  const address = useAddress();
  const filter: Filter = { verdict: only ?? address.get('verdict'), tool: address.get('tool'), from: address.get('from'), to: address.get('to'), run: address.get('run') };
  const actions = useActions(filter);
  const all = actions.data?.pages.flatMap((page) => page.items) ?? [];
  const open = all.find((action) => action.decision_id === address.get('open'));
  const isFiltered = filter.tool !== '' || filter.from !== '' || filter.to !== '' || filter.run !== '' || (only === undefined && filter.verdict !== '');
  const clear = () => address.set({ verdict: '', tool: '', from: '', to: '', run: '' });
  const title = only === undefined ? t('title') : t('blockedTitle');
  return (
    <Page title={title} actions={<Exports filter={filter} name={only ?? 'actions'} />} bar={<Filters filter={filter} hasVerdict={only === undefined} onChange={address.set} />} scrolls>
      {actions.isPending && <Loading lines={8} />}
      {actions.isError && <Failed error={actions.error} onRetry={() => void actions.refetch()} />}
      {actions.isSuccess && all.length === 0 && (isFiltered ? <NoMatch onClear={clear} /> : <Nothing only={only} />)}
      {all.length > 0 && (
        <ActionList
          actions={all}
          openId={address.get('open')}
          onOpen={(id) => address.set({ open: id })}
          onEnd={actions.hasNextPage && !actions.isFetchingNextPage ? () => void actions.fetchNextPage() : null}
        />
      )}
      {open !== undefined && <ActionDetail action={open} onClose={() => address.set({ open: '' })} />}
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

function Filters({ filter, hasVerdict, onChange }: { filter: Filter; hasVerdict: boolean; onChange: (changes: Record<string, string>) => void }) {
  const t = useTranslations('actions');
  const search = useCallback((tool: string) => onChange({ tool }), [onChange]);
  return (
    <div className="grid grid-cols-2 items-end gap-2 sm:flex sm:flex-wrap">
      {hasVerdict && (
        <div className="col-span-2">
          <Segments label={t('which')} options={VERDICTS.map((value) => ({ value, label: value === '' ? t('all') : t(`verdict.${value}`) }))} value={VERDICTS.find((one) => one === filter.verdict) ?? ''} onChange={(verdict) => onChange({ verdict })} />
        </div>
      )}
      <div className="col-span-2 sm:w-56">
        <SearchField label={t('tool')} value={filter.tool} onChange={search} />
      </div>
      <Input label={t('from')} isLabelHidden title={t('from')} type="date" value={filter.from} onChange={(event) => onChange({ from: event.target.value })} />
      <Input label={t('to')} isLabelHidden title={t('to')} type="date" value={filter.to} onChange={(event) => onChange({ to: event.target.value })} />
    </div>
  );
}

function Exports({ filter, name }: { filter: Filter; name: string }) {
  const t = useTranslations('actions');
  const [busy, setBusy] = useState<Export | null>(null);
  const [error, setError] = useState<unknown>(null);
  const take = async (kind: Export) => {
    setBusy(kind);
    setError(null);
    try {
      download(await exportActions(filter, kind), `${name}.${kind}`);
    } catch (cause) {
      setError(cause);
    }
    setBusy(null);
  };
  return (
    <>
      {error !== null && <Problem error={error} />}
      <Button size="small" isBusy={busy === 'csv'} aria-label={t('exportCsv')} onClick={() => void take('csv')}>
        <Download className="size-4" aria-hidden />
        CSV
      </Button>
      <Button size="small" isBusy={busy === 'jsonl'} aria-label={t('exportJsonl')} onClick={() => void take('jsonl')}>
        <Download className="size-4" aria-hidden />
        JSONL
      </Button>
    </>
  );
}
