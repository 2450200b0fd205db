'use client';

import { useMutation } from '@tanstack/react-query';
import { Download, ScrollText, X } from 'lucide-react';
import { useCallback } from 'react';
import { useTranslations } from 'use-intl';
import { SearchField } from '@/components/search-field';
import { Page } from '@/components/shell/page';
import { Button } from '@/components/ui/button';
import { More } from '@/components/ui/more';
import { Segments } from '@/components/ui/segments';
import { Empty, Failed, Loading, NoMatch, Problem } from '@/components/ui/states';
import { answer, api } from '@/lib/api/client';
import { download } from '@/lib/download';
import { useList } from '@/lib/list';
import { useAddress } from '@/lib/url';
import { Checkpoint } from './checkpoint';
import { EntryList } from './entry-list';
import { Verification } from './verification';

const SHOWN = ['entries', 'checkpoints', 'verification'] as const;
const PAGE = 100;

/** The audit log, and the signed checkpoints by which anybody can check it. */
export function AuditView() {
  const t = useTranslations('audit');
  const { get, set } = useAddress();
  const shown = SHOWN.find((one) => one === get('show')) ?? 'entries';
  const action = get('action');
  const run = get('run');
  const search = useCallback((words: string) => set({ action: words }), [set]);
  return (
    <Page
      title={t('title')}
      actions={<Export action={action} run={run} />}
      bar={
        <div className="flex flex-wrap gap-2">
          <Segments label={t('show')} options={SHOWN.map((value) => ({ value, label: t(`shown.${value}`) }))} value={shown} onChange={(value) => set({ show: value === 'entries' ? '' : value })} />
          {shown === 'entries' && (
            <div className="min-w-40 flex-1 sm:max-w-xs">
              <SearchField label={t('action')} value={action} onChange={search} />
            </div>
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
      {shown === 'entries' && <Entries action={action} run={run} onClear={() => set({ action: '', run: '' })} />}
      {shown === 'checkpoints' && <Checkpoints />}
      {shown === 'verification' && <Verification />}
    </Page>
  );
}

function Export({ action, run }: { action: string; run: string }) {
  const t = useTranslations('audit');
  const take = useMutation({
    mutationFn: async () => {
      const query = { action: action === '' ? undefined : action, run: run === '' ? undefined : run };
      const text = await answer(api.GET('/api/v1/audit/export', { params: { query }, parseAs: 'text' }));
      download(new Blob([text], { type: 'application/jsonl' }), 'audit.jsonl');
    },
  });
  return (
    <>
      {take.isError && <Problem error={take.error} />}
      <Button size="small" isBusy={take.isPending} aria-label={t('export')} onClick={() => take.mutate()}>
        <Download className="size-4" aria-hidden />
        JSONL
      </Button>
    </>
  );
}

function Entries({ action, run, onClear }: { action: string; run: string; onClear: () => void }) {
  const t = useTranslations('audit');
  const { query, items } = useList(['audit', 'entries', action, run], (cursor) =>
    answer(api.GET('/api/v1/audit', { params: { query: { action: action === '' ? undefined : action, run: run === '' ? undefined : run, order: 'newest', limit: PAGE, cursor } } })),
  );
  return (
    <>
      {query.isPending && <Loading lines={8} />}
      {query.isError && <Failed error={query.error} onRetry={() => void query.refetch()} />}
      {query.isSuccess && items.length === 0 && (action === '' && run === '' ? <Empty icon={<ScrollText className="size-5" aria-hidden />} title={t('none')} hint={t('noneHint')} /> : <NoMatch onClear={onClear} />)}
      {items.length > 0 && <EntryList entries={items} query={query} />}
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
      {query.isError && <Failed error={query.error} onRetry={() => void query.refetch()} />}
      {query.isSuccess && items.length === 0 && <Empty icon={<ScrollText className="size-5" aria-hidden />} title={t('noCheckpoints')} hint={t('noCheckpointsHint')} />}
      <ul className="grid gap-3">
        {items.map((checkpoint) => (
          <li key={checkpoint.tree_size}>
            <Checkpoint checkpoint={checkpoint} />
          </li>
        ))}
      </ul>
      <More query={query} />
    </div>
  );
}
