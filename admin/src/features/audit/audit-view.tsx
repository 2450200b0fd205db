'use client';

import { useMutation } from '@tanstack/react-query';
import { Download, ScrollText, X } from 'lucide-react';
import { useCallback } from 'react';
import { useTranslations } from 'use-intl';
import { PersonName } from '@/components/person-name';
import { SearchField } from '@/components/search-field';
import { Page } from '@/components/shell/page';
import { Badge, type BadgeTone } from '@/components/ui/badge';
import { Button } from '@/components/ui/button';
import { Copy } from '@/components/ui/copy';
import { More } from '@/components/ui/more';
import { Segments } from '@/components/ui/segments';
import { Empty, Failed, Loading, NoMatch, Problem } from '@/components/ui/states';
import { Ago } from '@/components/ui/time';
import { answer, api, type Schemas } from '@/lib/api/client';
import { download } from '@/lib/download';
import { useList } from '@/lib/list';
import { useAddress } from '@/lib/url';
import { Checkpoint } from './checkpoint';
import { exportAudit } from './export';
import { Verification } from './verification';

const SHOWN = ['entries', 'checkpoints', 'verification'] as const;
const PAGE = 100;
const TONES: Record<string, BadgeTone> = { done: 'good', refused: 'bad', failed: 'bad', attempted: 'wait' };
const OUTCOMES = ['done', 'refused', 'attempted', 'failed'] as const;

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
    >
      {shown === 'entries' && <Entries action={action} run={run} onClear={() => set({ action: '', run: '' })} />}
      {shown === 'checkpoints' && <Checkpoints />}
      {shown === 'verification' && <Verification />}
    </Page>
  );
}

function Export({ action, run }: { action: string; run: string }) {
  const t = useTranslations('audit');
  const take = useMutation({ mutationFn: async () => download(new Blob([await exportAudit(action, run)], { type: 'application/jsonl' }), 'audit.jsonl') });
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
      <ul className="divide-y divide-line">
        {items.map((entry) => (
          <Entry key={entry.audit_id} entry={entry} />
        ))}
      </ul>
      <More query={query} />
    </>
  );
}

function Entry({ entry }: { entry: Schemas['AuditView'] }) {
  const t = useTranslations('audit');
  const outcome = OUTCOMES.find((one) => one === entry.outcome);
  return (
    <li>
      <details>
        <summary className="grid list-none grid-cols-[1fr_auto] items-center gap-x-4 gap-y-0.5 px-4 py-2.5 text-sm hover:bg-sunken sm:px-6 lg:grid-cols-[12rem_1fr_10rem_9rem_9rem] [&::-webkit-details-marker]:hidden">
          <span className="font-medium break-all">{entry.action}</span>
          <span className="hidden min-w-0 truncate font-mono text-xs text-soft lg:block">
            <bdi>{entry.object}</bdi>
          </span>
          <span className="order-last truncate text-soft lg:order-none">{entry.person_id == null ? entry.actor_kind : <PersonName id={entry.person_id} />}</span>
          <span className="order-last justify-self-end text-xs text-soft lg:order-none lg:justify-self-start lg:text-sm">
            <Ago at={entry.at} />
          </span>
          <span className="justify-self-end">
            <Badge tone={TONES[entry.outcome]}>{outcome === undefined ? entry.outcome : t(`outcome.${outcome}`)}</Badge>
          </span>
        </summary>
        <div className="grid gap-2 px-4 pb-3 sm:px-6">
          <p className="font-mono text-xs break-all text-soft lg:hidden" dir="ltr">
            {entry.object}
          </p>
          <pre tabIndex={0} dir="ltr" className="max-h-64 overflow-auto rounded-lg bg-sunken p-3 font-mono text-xs whitespace-pre-wrap">
            {JSON.stringify(entry.detail, null, 2)}
          </pre>
          <p className="flex flex-wrap items-center gap-1 text-xs text-soft">
            {t('leaf')} <code className="font-mono break-all">{entry.leaf}</code> <Copy text={entry.leaf} />
          </p>
        </div>
      </details>
    </li>
  );
}

function Checkpoints() {
  const t = useTranslations('audit');
  const { query, items } = useList(['audit', 'checkpoints'], (cursor) => answer(api.GET('/api/v1/audit/checkpoints', { params: { query: { limit: PAGE, cursor } } })));
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
        {[...items].reverse().map((checkpoint) => (
          <li key={checkpoint.tree_size}>
            <Checkpoint checkpoint={checkpoint} />
          </li>
        ))}
      </ul>
      <More query={query} />
    </div>
  );
}
