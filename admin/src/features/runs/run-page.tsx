'use client';

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { CircleStop, Download, MessageSquare, Rewind, ScrollText } from 'lucide-react';
import { Link } from '@/components/ui/link';
import { useTranslations } from 'use-intl';
import { PersonName } from '@/components/person-name';
import { RunStatus } from '@/components/run/status';
import { useStop } from '@/components/run/use-stop';
import { NotHere } from '@/components/shell/not-here';
import { Page } from '@/components/shell/page';
import { Button, buttonLooks } from '@/components/ui/button';
import { Card, Facts } from '@/components/ui/card';
import { MoreActions } from '@/components/ui/more-actions';
import { Failed, Loading, Problem } from '@/components/ui/states';
import { At } from '@/components/ui/time';
import { useToast } from '@/components/ui/toast';
import { answer, api, type Schemas } from '@/lib/api/client';
import { isMissing } from '@/lib/api/problem';
import { cx } from '@/lib/cx';
import { download } from '@/lib/download';
import { useFormats } from '@/lib/format';
import { may, useMe } from '@/lib/me';
import { recordedEvents } from '@/lib/run/recorded';
import { useRun } from '@/lib/run/use-run';
import { useAddress, useRouteId } from '@/lib/url';
import { AuditProof } from './audit-proof';
import { ForkDialog } from './fork-dialog';
import { Replay } from './replay';
import { Timeline } from './timeline';

type Detail = Schemas['RunDetail'];

export function RunPage() {
  const id = useRouteId('/runs');
  return id?.startsWith('run_') === true ? <Loaded key={id} id={id} /> : <NotHere />;
}

function Loaded({ id }: { id: string }) {
  const t = useTranslations('runs');
  const me = useMe();
  const toast = useToast();
  const client = useQueryClient();
  const { get, set } = useAddress();
  const detail = useQuery({ queryKey: ['runs', 'one', id], queryFn: () => answer(api.GET('/api/v1/runs/{id}', { params: { path: { id } } })) });
  const followed = useRun(id, (name) => {
    if (name === 'run.ended' || name === 'model.answered') void client.invalidateQueries({ queryKey: ['runs', 'one', id] });
  });
  const stop = useStop();
  const raw = useMutation({
    mutationFn: async () => {
      const { lines, isWhole } = await recordedEvents(id);
      download(new Blob([lines.map((line) => `${line}\n`).join('')], { type: 'application/jsonl' }), `${id}.jsonl`);
      if (!isWhole) toast(t('rawSoFar'));
    },
  });
  if (isMissing(detail.error)) return <NotHere />;
  const isReplaying = get('at') !== '';
  const step = Number(get('fork'));
  const isOwn = detail.data?.person_id === me.person_id;
  const isUnderWay = detail.data !== undefined && detail.data.status !== 'ended' && followed.run.ended === null;
  return (
    <Page
      title={t('one')}
      back="/runs"
      actions={
        <>
          {isUnderWay && (
            <Button size="small" tone="danger" isBusy={stop.isPending} forbidden={may(me, 'runs:cancel') || detail.data?.person_id === me.person_id ? null : t('mayNotStop')} onClick={() => stop.mutate(id)}>
              <CircleStop className="size-4" aria-hidden />
              {t('stop')}
            </Button>
          )}
          <MoreActions>
            {!isReplaying && (
              <Button size="small" onClick={() => set({ at: '1' })}>
                <Rewind className="size-4 rtl:-scale-x-100" aria-hidden />
                {t('replay')}
              </Button>
            )}
            <Button size="small" isBusy={raw.isPending} onClick={() => raw.mutate()}>
              <Download className="size-4" aria-hidden />
              {t('raw')}
            </Button>
            {may(me, 'audit:read') && (
              <Link href={`/audit?run=${id}`} className={buttonLooks('quiet', 'small')}>
                <ScrollText className="size-4" aria-hidden />
                {t('audit')}
              </Link>
            )}
            {detail.data?.person_id === me.person_id && (
              <Link href={`/chat/${detail.data.conversation_id}`} className={buttonLooks('quiet', 'small')}>
                <MessageSquare className="size-4" aria-hidden />
                {t('conversation')}
              </Link>
            )}
          </MoreActions>
        </>
      }
    >
      <div className="mx-auto grid w-full max-w-5xl gap-6 p-4 sm:p-6 lg:grid-cols-[1fr_18rem]">
        {/* On a phone the steps stand below what is known of the run, and would be pushed down by it. */}
        <div className={cx('order-2 grid content-start gap-3 lg:order-1', detail.isPending && 'max-lg:hidden')}>
          {stop.isError && <Problem error={stop.error} />}
          {raw.isError && <Problem error={raw.error} />}
          {followed.error !== null && <Failed error={followed.error} />}
          {isReplaying ? (
            <Replay id={id} />
          ) : (
            <>
              {!followed.isHeard && followed.error === null && <Loading lines={6} />}
              <Timeline run={followed.run} fork={{ forbidden: detail.data === undefined || (isOwn && may(me, 'conversations:use')) ? null : t('mayNotFork'), from: (number) => set({ fork: String(number) }) }} />
            </>
          )}
        </div>
        <div className="order-1 grid content-start gap-4 lg:order-2">
          {detail.isPending && <Loading />}
          {detail.isError && <Failed error={detail.error} onRetry={() => void detail.refetch()} />}
          {detail.data !== undefined && <About detail={detail.data} />}
          {detail.data !== undefined && may(me, 'audit:read') && <AuditProof id={id} />}
        </div>
      </div>
      {step >= 1 && isOwn && followed.run.started !== null && detail.data !== undefined && (
        <ForkDialog key={step} detail={detail.data} text={followed.run.started.text} step={step} onClose={() => set({ fork: '' })} />
      )}
    </Page>
  );
}

/** What plugins took beside what they may take in this run; nothing of a run that called none. */
function usedByPlugins({ plugins_used: used, pins }: Detail, t: ReturnType<typeof useTranslations<'runs'>>, formats: ReturnType<typeof useFormats>): string {
  const max = pins?.limits.plugins;
  if (max === undefined || used.fuel === 0) return '';
  return t('pluginsOf', {
    requests: formats.number(used.requests),
    requestsMax: formats.number(max.requests),
    bytes: formats.binary(used.egress_bytes),
    bytesMax: formats.binary(max.egress_bytes),
    questions: formats.number(used.questions),
    questionsMax: formats.number(max.questions),
    fuel: formats.number(used.fuel),
    fuelMax: formats.large(max.fuel),
  });
}

function About({ detail }: { detail: Detail }) {
  const t = useTranslations('runs');
  const formats = useFormats();
  const facts: [string, React.ReactNode][] = [
    [t('state'), <RunStatus key="state" status={detail.status} outcome={detail.outcome} />],
    [t('for'), <PersonName key="for" id={detail.person_id} />],
    [t('agent'), detail.agent],
    [t('prompt'), detail.pins?.prompt ?? ''],
    [t('model'), detail.pins?.model ?? ''],
    [
      t('forked'),
      detail.forked_from == null ? (
        ''
      ) : (
        <Link key="forked" href={`/runs/${detail.forked_from}`} className="font-mono text-xs break-all text-accent underline">
          {detail.forked_from}
        </Link>
      ),
    ],
    [
      t('serves'),
      detail.parent_run_id == null ? (
        ''
      ) : (
        <Link key="serves" href={`/runs/${detail.parent_run_id}`} className="font-mono text-xs break-all text-accent underline">
          {detail.parent_run_id}
        </Link>
      ),
    ],
    [t('channel'), detail.channel],
    [t('began'), <At key="began" at={detail.created_at} />],
    [t('cost'), formats.usd(detail.cost_micros)],
    [t('used'), t('tokens', { count: detail.tokens })],
    [t('did'), t('steps', { count: detail.steps })],
    [t('plugins'), usedByPlugins(detail, t, formats)],
    [
      t('id'),
      <code key="id" className="font-mono text-xs break-all">
        {detail.run_id}
      </code>,
    ],
  ];
  return (
    <Card className="p-4">
      <Facts facts={facts.filter(([, value]) => value !== '')} />
    </Card>
  );
}
