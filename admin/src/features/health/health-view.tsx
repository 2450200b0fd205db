'use client';

import { useQuery } from '@tanstack/react-query';
import { useTranslations } from 'use-intl';
import { Page } from '@/components/shell/page';
import { OfServer } from '@/components/of-server';
import { Link } from '@/components/ui/link';
import { Ago } from '@/components/ui/time';
import { answer, api, type Schemas } from '@/lib/api/client';
import { useFormats } from '@/lib/format';
import { useIntegrations } from '@/lib/integrations';
import { may, useMe } from '@/lib/me';
import { failuresOf, readMetrics, requestsOf } from '@/lib/metrics';
import { notToldOf } from '@/lib/not-told';
import { useNow } from '@/lib/now';
import { isSigningLate } from '@/lib/signing';
import { allAgents } from '@/lib/whole-lists';
import { Models, RunFailures } from './failures';
import { COMING, EVERY_MS, FAILURES_SHOWN, Known, Part, stateOf } from './part';

const COUNTED_MAX = 200;
const ENTRIES_MAX = 100;

/** How the installation is: each part, whether it answers, and what to do when it does not. */
export function HealthView() {
  const t = useTranslations('health');
  const me = useMe();
  return (
    <Page title={t('title')}>
      <div className="mx-auto grid w-full max-w-5xl gap-4 p-4 sm:grid-cols-2 sm:p-6">
        <Server />
        <Database />
        {may(me, 'governance:read') && <Rules />}
        {may(me, 'governance:read') && <Agents />}
        {may(me, 'governance:read') && <Models />}
        <Queue />
        <RunFailures />
        {may(me, 'audit:read') && <Signing />}
        {may(me, 'people:read') && <Notices />}
        {may(me, 'governance:read') && <Integrations />}
        <Requests />
      </div>
    </Page>
  );
}

/** Asks one of the plain addresses, and how long that took. */
function useProbe(path: '/healthz' | '/readyz') {
  return useQuery({
    queryKey: ['health', path],
    queryFn: async () => {
      const began = performance.now();
      const response = await fetch(path, { cache: 'no-store' });
      return { isOk: response.ok, ms: Math.round(performance.now() - began) };
    },
    refetchInterval: EVERY_MS,
    retry: false,
  });
}

function Server() {
  const t = useTranslations('health');
  const formats = useFormats();
  const probe = useProbe('/healthz');
  const isWell = probe.data?.isOk === true && !probe.isError;
  return (
    <Part title={t('server')} state={probe.isPending ? 'unknown' : isWell ? 'good' : 'bad'} advice={probe.isPending || isWell ? null : t('serverAdvice')}>
      <p>{probe.data === undefined ? COMING : t('answersIn', { time: formats.ms(probe.data.ms) })}</p>
    </Part>
  );
}

function Database() {
  const t = useTranslations('health');
  const formats = useFormats();
  const probe = useProbe('/readyz');
  const isWell = probe.data?.isOk === true && !probe.isError;
  return (
    <Part title={t('database')} state={probe.isPending ? 'unknown' : isWell ? 'good' : 'bad'} advice={probe.isPending || isWell ? null : t('databaseAdvice')}>
      <p>{probe.data === undefined ? COMING : t('answersIn', { time: formats.ms(probe.data.ms) })}</p>
    </Part>
  );
}

function Rules() {
  const t = useTranslations('health');
  const policies = useQuery({ queryKey: ['policies'], queryFn: () => answer(api.GET('/api/v1/policies')), refetchInterval: EVERY_MS });
  const isNone = policies.isSuccess && policies.data.rules.length === 0;
  return (
    <Part title={t('rules')} state={stateOf([policies], isNone ? 'bad' : 'good')} advice={isNone ? t('rulesAdvice') : null}>
      <Known of={policies}>
        {({ rules }) => (
          <p>
            <Link href="/policies" className="text-accent underline">
              {t('rulesInForce', { count: rules.length })}
            </Link>
          </p>
        )}
      </Known>
    </Part>
  );
}

function Agents() {
  const t = useTranslations('health');
  const agents = useQuery(allAgents);
  const isNone = agents.isSuccess && agents.data.length === 0;
  return (
    <Part title={t('agents')} state={stateOf([agents], isNone ? 'wait' : 'good')} advice={isNone ? t('agentsAdvice') : null}>
      <Known of={agents}>
        {(all) => (
          <p>
            <Link href="/agents" className="text-accent underline">
              {t('agentsReady', { count: all.length })}
            </Link>
          </p>
        )}
      </Known>
    </Part>
  );
}

/** Runs that wait for a worker or for people. Queued ones that stay are work that nobody takes. */
function Queue() {
  const t = useTranslations('health');
  const status = (name: 'queued' | 'running' | 'waiting') => ({
    queryKey: ['runs', 'count', name],
    queryFn: () => answer(api.GET('/api/v1/runs', { params: { query: { status: name, limit: COUNTED_MAX } } })),
    refetchInterval: EVERY_MS,
  });
  const [queued, running, waiting] = [useQuery(status('queued')), useQuery(status('running')), useQuery(status('waiting'))];
  const now = useNow();
  const oldest = queued.isSuccess ? queued.data.items.at(-1) : undefined;
  // Of more than are counted the oldest is not among them, and so many do not wait where somebody takes them.
  const isStuck = queued.data?.next_cursor != null || oldest !== undefined && now - Date.parse(oldest.created_at) > 60_000;
  // What is counted ends with one answer: behind it there may be more.
  const counted = (text: string, next: string | null | undefined) => <p>{next == null ? text : t('andMore', { text })}</p>;
  return (
    <Part title={t('queue')} state={stateOf([queued, running, waiting], isStuck ? 'wait' : 'good')} advice={isStuck ? t('queueAdvice') : null}>
      <Known of={queued}>{({ items, next_cursor: next }) => counted(t('queued', { count: items.length }), next)}</Known>
      <Known of={running}>{({ items, next_cursor: next }) => counted(t('running', { count: items.length }), next)}</Known>
      <Known of={waiting}>{({ items, next_cursor: next }) => counted(t('waiting', { count: items.length }), next)}</Known>
    </Part>
  );
}

function Signing() {
  const t = useTranslations('health');
  const now = useNow();
  const newest = useQuery({ queryKey: ['audit', 'newest'], queryFn: () => answer(api.GET('/api/v1/audit', { params: { query: { order: 'newest', limit: ENTRIES_MAX } } })), refetchInterval: EVERY_MS });
  const signed = useQuery({ queryKey: ['audit', 'checkpoints', 'last'], queryFn: () => answer(api.GET('/api/v1/audit/checkpoints', { params: { query: { order: 'newest', limit: 1 } } })), refetchInterval: EVERY_MS });
  const entry = newest.data?.items[0];
  const last = signed.data?.items[0];
  const isLate = newest.isSuccess && signed.isSuccess && isSigningLate(newest.data.items, ENTRIES_MAX, last?.signed_at, now);
  return (
    <Part title={t('signing')} state={stateOf([newest, signed], isLate ? 'bad' : 'good')} advice={isLate ? t('signingAdvice') : null}>
      <Known of={signed}>
        {() =>
          last !== undefined && (
            <p>
              {t('signed')} <Ago at={last.signed_at} />
            </p>
          )
        }
      </Known>
      <Known of={newest}>
        {() =>
          entry !== undefined && (
            <p>
              {t('written')} <Ago at={entry.at} />
            </p>
          )
        }
      </Known>
      <p>
        <Link href="/audit?show=checkpoints" className="text-accent underline">
          {t('checkpoints')}
        </Link>
      </p>
    </Part>
  );
}

/** Messages that did not arrive: somebody does not know that something waits for them. */
function Notices() {
  const t = useTranslations('health');
  const dead = useQuery({ queryKey: ['notices', 'dead'], queryFn: () => answer(api.GET('/api/v1/notices/dead')), refetchInterval: EVERY_MS });
  const all = dead.isSuccess ? dead.data.items : [];
  return (
    <Part title={t('notices')} state={stateOf([dead], all.length > 0 ? 'wait' : 'good')} advice={all.length > 0 ? t('noticesAdvice') : null}>
      <Known of={dead}>{({ items }) => <p>{t('noticesLost', { count: items.length })}</p>}</Known>
      <ul className="grid gap-0.5">
        {all.slice(0, FAILURES_SHOWN).map((one) => (
          <li key={one.notice_id} className="flex justify-between gap-2 text-xs">
            <NotTold notice={one} />
            <span className="shrink-0">
              <Ago at={one.done_at ?? one.made_at} />
            </span>
          </li>
        ))}
      </ul>
    </Part>
  );
}

function NotTold({ notice }: { notice: Schemas['NoticeView'] }) {
  const t = useTranslations('notTold');
  const reason = notToldOf(notice.reason);
  return (
    <div className="min-w-0">
      {reason !== null && <p>{t(reason)}</p>}
      <OfServer words={notice.why ?? ''} />
    </div>
  );
}

/** Servers of tools that do not answer, and plugins that were set aside: tools that nobody can call. */
function Integrations() {
  const t = useTranslations('health');
  const integrations = useIntegrations();
  const [servers, aside] = integrations.isSuccess ? [integrations.data.servers, integrations.data.set_aside] : [[], []];
  const away = [...servers.filter((server) => server.tools.length === 0).map(({ name }) => ({ name, why: t('away') })), ...aside];
  return (
    <Part title={t('integrations')} state={stateOf([integrations], away.length > 0 ? 'wait' : 'good')} advice={away.length > 0 ? t('integrationsAdvice') : null}>
      <Known of={integrations}>
        {() => (
          <p>
            <Link href="/settings?show=installation" className="text-accent underline">
              {t('servers', { count: servers.length })}
            </Link>
          </p>
        )}
      </Known>
      <ul className="grid gap-0.5">
        {away.map((one) => (
          <li key={one.name} className="grid text-xs">
            <code dir="ltr" className="font-mono wrap-anywhere">
              {one.name}
            </code>
            <bdi className="wrap-anywhere">{one.why}</bdi>
          </li>
        ))}
      </ul>
    </Part>
  );
}

/** What this process has counted since it started. */
function Requests() {
  const t = useTranslations('health');
  const formats = useFormats();
  const counted = useQuery({
    queryKey: ['health', 'metrics'],
    queryFn: async () => {
      const response = await fetch('/metrics', { cache: 'no-store' });
      if (!response.ok) throw new Error(`the counters answered ${response.status}`);
      return readMetrics(await response.text());
    },
    refetchInterval: EVERY_MS,
    retry: false,
  });
  const failures = counted.isSuccess ? failuresOf(counted.data) : [];
  const sum = failures.reduce((all, failure) => all + failure.count, 0);
  return (
    <Part title={t('requests')} state={stateOf([counted], sum > 0 ? 'wait' : 'good')} advice={sum > 0 ? t('requestsAdvice') : null}>
      <Known of={counted}>
        {(samples) => (
          <>
            <p>{t('answered', { count: requestsOf(samples) })}</p>
            <p>{t('failed', { count: sum })}</p>
          </>
        )}
      </Known>
      <ul className="grid gap-0.5">
        {failures.slice(0, FAILURES_SHOWN).map((failure) => (
          <li key={`${failure.route} ${failure.status}`} className="flex justify-between gap-2">
            <code dir="ltr" className="min-w-0 truncate font-mono text-xs">
              {failure.route}
            </code>
            <span className="shrink-0 text-xs">
              {failure.status} × {formats.number(failure.count)}
            </span>
          </li>
        ))}
      </ul>
    </Part>
  );
}
