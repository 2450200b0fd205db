'use client';

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Bot, CircleStop, Download, Flag, MessageSquare, ScrollText, User } from 'lucide-react';
import { Link } from '@/components/ui/link';
import { useTranslations } from 'use-intl';
import { Markdown } from '@/components/markdown';
import { PersonName } from '@/components/person-name';
import { CallCard } from '@/components/run/call-card';
import { RunStatus } from '@/components/run/status';
import { NotHere } from '@/components/shell/not-here';
import { Page } from '@/components/shell/page';
import { Button, buttonLooks } from '@/components/ui/button';
import { Card, Facts } from '@/components/ui/card';
import { Failed, Loading, Problem } from '@/components/ui/states';
import { At } from '@/components/ui/time';
import { useToast } from '@/components/ui/toast';
import { answer, api, type Schemas } from '@/lib/api/client';
import { isMissing } from '@/lib/api/problem';
import { download } from '@/lib/download';
import { useFormats } from '@/lib/format';
import { may, useMe } from '@/lib/me';
import type { Item, Run, Step } from '@/lib/run/fold';
import { recordedEvents } from '@/lib/run/recorded';
import { useRun } from '@/lib/run/use-run';
import { useRouteId } from '@/lib/url';

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
  const detail = useQuery({ queryKey: ['runs', 'one', id], queryFn: () => answer(api.GET('/api/v1/runs/{id}', { params: { path: { id } } })) });
  const followed = useRun(id, (name) => {
    if (name === 'run.ended' || name === 'model.answered') void client.invalidateQueries({ queryKey: ['runs', 'one', id] });
  });
  const stop = useMutation({ mutationFn: () => answer(api.POST('/api/v1/runs/{id}/cancel', { params: { path: { id } } })) });
  const raw = useMutation({
    mutationFn: async () => {
      const { lines, isWhole } = await recordedEvents(id);
      download(new Blob([lines.map((line) => `${line}\n`).join('')], { type: 'application/jsonl' }), `${id}.jsonl`);
      if (!isWhole) toast(t('rawSoFar'));
    },
  });
  if (isMissing(detail.error)) return <NotHere />;
  const isUnderWay = detail.data !== undefined && detail.data.status !== 'ended' && followed.run.ended === null;
  return (
    <Page
      title={t('one')}
      back="/runs"
      actions={
        <>
          {isUnderWay && (
            <Button size="small" tone="danger" isBusy={stop.isPending} forbidden={may(me, 'runs:cancel') || detail.data?.person_id === me.person_id ? null : t('mayNotStop')} onClick={() => stop.mutate()}>
              <CircleStop className="size-4" aria-hidden />
              {t('stop')}
            </Button>
          )}
          <Button size="small" isBusy={raw.isPending} onClick={() => raw.mutate()}>
            <Download className="size-4" aria-hidden />
            <span className="max-sm:sr-only">{t('raw')}</span>
          </Button>
          {may(me, 'audit:read') && (
            <Link href={`/audit?run=${id}`} className={buttonLooks('quiet', 'small')}>
              <ScrollText className="size-4" aria-hidden />
              <span className="max-sm:sr-only">{t('audit')}</span>
            </Link>
          )}
          {detail.data?.person_id === me.person_id && (
            <Link href={`/chat/${detail.data.conversation_id}`} className={buttonLooks('quiet', 'small')}>
              <MessageSquare className="size-4" aria-hidden />
              <span className="max-sm:sr-only">{t('conversation')}</span>
            </Link>
          )}
        </>
      }
    >
      <div className="mx-auto grid w-full max-w-5xl gap-6 p-4 sm:p-6 lg:grid-cols-[1fr_18rem]">
        <div className="order-2 grid content-start gap-3 lg:order-1">
          {stop.isError && <Problem error={stop.error} />}
          {raw.isError && <Problem error={raw.error} />}
          {followed.error !== null && <Failed error={followed.error} />}
          {!followed.isHeard && followed.error === null && <Loading lines={6} />}
          <Timeline run={followed.run} />
        </div>
        <div className="order-1 lg:order-2">
          {detail.isPending && <Loading />}
          {detail.isError && <Failed error={detail.error} onRetry={() => void detail.refetch()} />}
          {detail.data !== undefined && <About detail={detail.data} />}
        </div>
      </div>
    </Page>
  );
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
    [t('channel'), detail.channel],
    [t('began'), <At key="began" at={detail.created_at} />],
    [t('cost'), formats.usd(detail.cost_micros)],
    [t('used'), t('tokens', { count: detail.tokens })],
    [t('did'), t('steps', { count: detail.steps })],
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

/** A run from the message to its end: what the model used at each step, what it wanted, what became of it. */
function Timeline({ run }: { run: Run }) {
  const t = useTranslations('runs');
  if (run.started === null) return null;
  return (
    <ol aria-label={t('timeline')} className="grid gap-3">
      <Moment icon={<User className="size-4" aria-hidden />} title={t('asked')}>
        <p dir="auto" className="whitespace-pre-wrap">
          {run.started.text}
        </p>
      </Moment>
      {run.steps.map((step) => (
        <StepMoment key={step.step} step={step} items={run.items.filter((item) => stepOf(item) === step.step)} isLive={run.ended === null} />
      ))}
      {run.reply !== null && (
        <Moment icon={<MessageSquare className="size-4" aria-hidden />} title={t('replied')}>
          <Markdown text={run.reply} />
        </Moment>
      )}
      {run.ended !== null && (
        <Moment icon={<Flag className="size-4" aria-hidden />} title={t('ended')}>
          <p className="flex flex-wrap items-center gap-2 text-sm">
            <RunStatus status="ended" outcome={run.ended.outcome} />
            {run.ended.outcome !== 'replied' && <span className="text-soft">{run.ended.message}</span>}
          </p>
        </Moment>
      )}
    </ol>
  );
}

/** Calls are named by their step: `call_3_0` is the first of the third. */
function stepOf(item: Item): number {
  return item.kind === 'said' ? item.step : Number(item.call.id.split('_')[1] ?? 0);
}

function StepMoment({ step, items, isLive }: { step: Step; items: Item[]; isLive: boolean }) {
  const t = useTranslations('runs');
  const formats = useFormats();
  return (
    <Moment
      icon={<Bot className="size-4" aria-hidden />}
      title={t('step', { number: step.step })}
      aside={`${step.model} · ${t('readWritten', { input: formats.number(step.input), output: formats.number(step.output) })} · ${formats.usd(step.costMicros)}`}
    >
      {items.length > 0 && (
        <div className="grid gap-2">
          {items.map((item) => (item.kind === 'said' ? <Markdown key="said" text={item.text} /> : <CallCard key={item.call.id} call={item.call} isLive={isLive} />))}
        </div>
      )}
    </Moment>
  );
}

function Moment({ icon, title, aside, children }: { icon: React.ReactNode; title: string; aside?: string; children?: React.ReactNode }) {
  return (
    <li className="grid grid-cols-[1.75rem_1fr] gap-x-3 gap-y-1.5">
      <span className="row-span-2 grid justify-items-center">
        <span className="grid size-7 place-items-center rounded-full bg-sunken text-soft">{icon}</span>
      </span>
      <p className="flex flex-wrap items-baseline justify-between gap-x-3 pt-0.5">
        <span className="text-sm font-semibold">{title}</span>
        {aside !== undefined && <span className="text-xs text-soft">{aside}</span>}
      </p>
      <div className="col-start-2 min-w-0">{children}</div>
    </li>
  );
}
