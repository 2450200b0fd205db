'use client';

import { useQuery } from '@tanstack/react-query';
import { useTranslations } from 'use-intl';
import { Page } from '@/components/shell/page';
import { Link } from '@/components/ui/link';
import { Ago } from '@/components/ui/time';
import { answer, api } from '@/lib/api/client';
import { useFormats } from '@/lib/format';
import { useIntegrations } from '@/lib/integrations';
import { may, useMe } from '@/lib/me';
import { failuresOf, readMetrics, requestsOf } from '@/lib/metrics';
import { useNow } from '@/lib/now';
import { isSigningLate } from '@/lib/signing';
import { Models, RunFailures } from './failures';
import { COMING, EVERY_MS, FAILURES_SHOWN, Part } from './part';

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
  const count = policies.data?.rules.length ?? 0;
  return (
    <Part title={t('rules')} state={policies.isPending ? 'unknown' : policies.isError || count === 0 ? 'bad' : 'good'} advice={policies.isPending || count > 0 ? null : t('rulesAdvice')}>
      <p>
        <Link href="/policies" className="text-accent underline">
          {t('rulesInForce', { count })}
        </Link>
      </p>
    </Part>
  );
}

function Agents() {
  const t = useTranslations('health');
  const agents = useQuery({ queryKey: ['agents'], queryFn: () => answer(api.GET('/api/v1/agents')) });
  const count = agents.data?.items.length ?? 0;
  return (
    <Part title={t('agents')} state={agents.isPending ? 'unknown' : count === 0 ? 'wait' : 'good'} advice={agents.isPending || count > 0 ? null : t('agentsAdvice')}>
      <p>
        <Link href="/agents" className="text-accent underline">
          {t('agentsReady', { count })}
        </Link>
      </p>
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
  const oldest = queued.data?.items.at(-1);
  const isStuck = oldest !== undefined && now - Date.parse(oldest.created_at) > 60_000;
  return (
    <Part title={t('queue')} state={queued.isPending ? 'unknown' : queued.isError ? 'bad' : isStuck ? 'wait' : 'good'} advice={isStuck ? t('queueAdvice') : null}>
      <p>{t('queued', { count: queued.data?.items.length ?? 0 })}</p>
      <p>{t('running', { count: running.data?.items.length ?? 0 })}</p>
      <p>{t('waiting', { count: waiting.data?.items.length ?? 0 })}</p>
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
  const isPending = newest.isPending || signed.isPending;
  return (
    <Part title={t('signing')} state={isPending ? 'unknown' : newest.isError || signed.isError ? 'bad' : isLate ? 'bad' : 'good'} advice={isLate ? t('signingAdvice') : null}>
      {signed.isPending && <p>{COMING}</p>}
      {last !== undefined && (
        <p>
          {t('signed')} <Ago at={last.signed_at} />
        </p>
      )}
      {newest.isPending && <p>{COMING}</p>}
      {entry !== undefined && (
        <p>
          {t('written')} <Ago at={entry.at} />
        </p>
      )}
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
  const all = dead.data?.items ?? [];
  return (
    <Part title={t('notices')} state={dead.isPending ? 'unknown' : dead.isError ? 'bad' : all.length > 0 ? 'wait' : 'good'} advice={all.length > 0 ? t('noticesAdvice') : null}>
      <p>{t('noticesLost', { count: all.length })}</p>
      <ul className="grid gap-0.5">
        {all.slice(0, FAILURES_SHOWN).map((one) => (
          <li key={one.notice_id} className="flex justify-between gap-2 text-xs">
            <bdi className="min-w-0">{one.why}</bdi>
            <span className="shrink-0">
              <Ago at={one.done_at ?? one.made_at} />
            </span>
          </li>
        ))}
      </ul>
    </Part>
  );
}

/** Servers of tools that do not answer, and plugins that were set aside: tools that nobody can call. */
function Integrations() {
  const t = useTranslations('health');
  const integrations = useIntegrations();
  const [servers, aside] = [integrations.data?.servers ?? [], integrations.data?.set_aside ?? []];
  const away = [...servers.filter((server) => server.tools.length === 0).map(({ name }) => ({ name, why: t('away') })), ...aside];
  return (
    <Part title={t('integrations')} state={integrations.isPending ? 'unknown' : integrations.isError ? 'bad' : away.length > 0 ? 'wait' : 'good'} advice={away.length > 0 ? t('integrationsAdvice') : null}>
      <p>
        <Link href="/settings?show=installation" className="text-accent underline">
          {t('servers', { count: servers.length })}
        </Link>
      </p>
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
      return readMetrics(response.ok ? await response.text() : '');
    },
    refetchInterval: EVERY_MS,
    retry: false,
  });
  const failures = failuresOf(counted.data ?? []);
  const sum = failures.reduce((all, failure) => all + failure.count, 0);
  return (
    <Part title={t('requests')} state={counted.isPending ? 'unknown' : counted.isError ? 'bad' : sum > 0 ? 'wait' : 'good'} advice={sum > 0 ? t('requestsAdvice') : null}>
      <p>{t('answered', { count: requestsOf(counted.data ?? []) })}</p>
      <p>{t('failed', { count: sum })}</p>
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
