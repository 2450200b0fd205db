'use client';

import { ScrollText, X } from 'lucide-react';
import { useCallback, useMemo } from 'react';
import { useTranslations } from 'use-intl';
import { usePeopleNames } from '@/components/person-name';
import { SearchField } from '@/components/search-field';
import { Page } from '@/components/shell/page';
import { Button } from '@/components/ui/button';
import { ExportButton } from '@/components/ui/export-button';
import { Input, Select } from '@/components/ui/field';
import { Segments } from '@/components/ui/segments';
import { Empty } from '@/components/ui/empty';
import { Failed, Loading, NoMatch } from '@/components/ui/states';
import { WindowList } from '@/components/ui/window-list';
import { addressOf, type QueryOf } from '@/lib/api/address';
import { answer, api } from '@/lib/api/client';
import { dayBegins } from '@/lib/day';
import { useList } from '@/lib/list';
import { may, useMe } from '@/lib/me';
import { useAddress } from '@/lib/url';
import { Checkpoint } from './checkpoint';
import { EntryList, OpenEntry } from './entry-list';
import { Verification } from './verification';

/** Which entries are looked at; empty says nothing. */
interface Chosen {
  /** The beginning of what was done. */
  action: string;
  person: string;
  run: string;
  /** Days where the reader is, the last one included. */
  from: string;
  to: string;
}

/** The same in the server's words. */
function queryOf({ action, person, run, from, to }: Chosen): QueryOf<'/api/v1/audit/export'> {
  const or = (text: string) => (text === '' ? undefined : text);
  return { action: or(beginning(action)), person: or(person), run: or(run), from: or(dayBegins(from)), to: or(dayBegins(to, 1)) };
}

/** What is typed is completed. */
function beginning(words: string): string {
  const text = words.trim();
  return text === '' || text.endsWith('*') ? text : `${text}*`;
}

const SHOWN = ['entries', 'checkpoints', 'verification'] as const;
const PAGE = 100;
/** A card with the room below it; the root takes up to three lines on a phone. */
const [WIDE_CHECKPOINT_PX, NARROW_CHECKPOINT_PX] = [100, 140];

/** The audit log, and the signed checkpoints by which anybody can check it. */
export function AuditView() {
  const t = useTranslations('audit');
  const days = useTranslations('actions');
  const { get, set } = useAddress();
  const shown = SHOWN.find((one) => one === get('show')) ?? 'entries';
  const chosen: Chosen = { action: get('action'), person: get('person'), run: get('run'), from: get('from'), to: get('to') };
  const { run } = chosen;
  const search = useCallback((words: string) => set({ action: words }), [set]);
  return (
    <Page
      title={t('title')}
      actions={<ExportButton label={t('export')} kind="jsonl" address={addressOf('/api/v1/audit/export', { query: queryOf(chosen) })} name="audit" />}
      bar={
        <div className="flex flex-wrap items-end gap-2">
          <Segments label={t('show')} options={SHOWN.map((value) => ({ value, label: t(`shown.${value}`) }))} value={shown} onChange={(value) => set({ show: value === 'entries' ? '' : value })} />
          {shown === 'entries' && (
            <>
              <div className="min-w-40 flex-1 sm:max-w-xs sm:min-w-56">
                <SearchField label={t('action')} value={chosen.action} onChange={search} />
              </div>
              <div className="grid w-full grid-cols-2 items-end gap-2 sm:flex sm:w-auto">
                <People value={chosen.person} onChange={(person) => set({ person })} />
                <Input label={days('from')} type="date" value={chosen.from} onChange={(event) => set({ from: event.target.value })} />
                <Input label={days('to')} type="date" value={chosen.to} onChange={(event) => set({ to: event.target.value })} />
              </div>
            </>
          )}
          {shown === 'entries' && run !== '' && (
            <Button size="small" onClick={() => set({ run: '' })}>
              {t('ofRun', { run: `…${run.slice(-6)}` })}
              <X className="size-4" aria-hidden />
              <span className="sr-only">{t('ofAll')}</span>
            </Button>
          )}
        </div>
      }
      scrolls
    >
      {shown === 'entries' && <Entries chosen={chosen} onClear={() => set({ action: '', person: '', run: '', from: '', to: '' })} />}
      {shown === 'checkpoints' && <Checkpoints />}
      {shown === 'verification' && <Verification />}
    </Page>
  );
}

/** Who did it: those one may know, and whoever is asked for already. */
function People({ value, onChange }: { value: string; onChange: (person: string) => void }) {
  const t = useTranslations('audit');
  const me = useMe();
  const names = usePeopleNames();
  const known = useMemo(() => [...names].toSorted(([, one], [, other]) => one.localeCompare(other)), [names]);
  if (!may(me, 'people:read')) return null;
  return (
    <div className="max-sm:col-span-2 sm:w-44">
      <Select label={t('by')} isLabelHidden value={value} onChange={(event) => onChange(event.target.value)}>
        <option value="">{t('anybody')}</option>
        {value !== '' && !names.has(value) && <option value={value}>…{value.slice(-6)}</option>}
        {known.map(([id, name]) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
      </Select>
    </div>
  );
}

function Entries({ chosen, onClear }: { chosen: Chosen; onClear: () => void }) {
  const t = useTranslations('audit');
  const { query, items } = useList(['audit', 'entries', chosen], (cursor) => answer(api.GET('/api/v1/audit', { params: { query: { ...queryOf(chosen), order: 'newest', limit: PAGE, cursor } } })));
  const isAll = Object.values(chosen).every((value) => value === '');
  return (
    <>
      {query.isPending && <Loading lines={8} />}
      {query.isError && !query.isFetchNextPageError && <Failed error={query.error} onRetry={() => void query.refetch()} />}
      {query.isSuccess && items.length === 0 && (isAll ? <Empty icon={<ScrollText className="size-5" aria-hidden />} title={t('none')} hint={t('noneHint')} /> : <NoMatch onClear={onClear} />)}
      {items.length > 0 && <EntryList entries={items} query={query} />}
      <OpenEntry entries={items} isListed={!query.isPending} />
    </>
  );
}

function Checkpoints() {
  const t = useTranslations('audit');
  const { query, items } = useList(['audit', 'checkpoints'], (cursor) => answer(api.GET('/api/v1/audit/checkpoints', { params: { query: { order: 'newest', limit: PAGE, cursor } } })));
  return (
    <div className="mx-auto grid w-full max-w-4xl gap-3 p-4 sm:p-6">
      <p className="text-sm text-soft">{t.rich('checkpointsHint', {
          // A command is one word, whatever the script around it.
          code: (command) => (
            <code dir="ltr" className="whitespace-nowrap font-mono">
              {command}
            </code>
          ),
        })}</p>
      {query.isPending && <Loading lines={8} />}
      {query.isError && !query.isFetchNextPageError && <Failed error={query.error} onRetry={() => void query.refetch()} />}
      {query.isSuccess && items.length === 0 && <Empty icon={<ScrollText className="size-5" aria-hidden />} title={t('noCheckpoints')} hint={t('noCheckpointsHint')} />}
      {items.length > 0 && (
        <WindowList items={items} keyOf={(checkpoint) => String(checkpoint.tree_size)} label={t('shown.checkpoints')} widePx={WIDE_CHECKPOINT_PX} narrowPx={NARROW_CHECKPOINT_PX} hasLines={false} query={query}>
          {(checkpoint) => <Checkpoint checkpoint={checkpoint} />}
        </WindowList>
      )}
    </div>
  );
}
