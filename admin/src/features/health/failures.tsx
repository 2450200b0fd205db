'use client';

import { useQuery } from '@tanstack/react-query';
import { useTranslations } from 'use-intl';
import { RunStatus } from '@/components/run/status';
import { Link } from '@/components/ui/link';
import { Ago } from '@/components/ui/time';
import { answer, api } from '@/lib/api/client';
import { brokenOf, modelsAnswer } from '@/lib/run-failures';
import { allModels } from '@/lib/whole-lists';
import { EVERY_MS, FAILURES_SHOWN, Known, Part, stateOf } from './part';

const LOOKED_AT = 200;

/** The runs that ended last, as far as one may see them. */
function useEnded() {
  return useQuery({ queryKey: ['runs', 'failures'], queryFn: () => answer(api.GET('/api/v1/runs', { params: { query: { status: 'ended', limit: LOOKED_AT } } })), refetchInterval: EVERY_MS });
}

/** Runs that ended by a fault and not by a bound or a person, newest first. */
export function RunFailures() {
  const t = useTranslations('health');
  const ended = useEnded();
  const all = ended.data?.items ?? [];
  const broken = brokenOf(all);
  const isLast = broken[0] !== undefined && broken[0] === brokenOf(all.slice(0, 1))[0];
  return (
    <Part title={t('runFailures')} state={stateOf([ended], isLast ? 'wait' : 'good')} advice={ended.isSuccess && isLast ? t('runFailuresAdvice') : null}>
      <Known of={ended}>{() => <p>{t('runsFailed', { count: broken.length, all: all.length })}</p>}</Known>
      <ul className="grid gap-1.5">
        {broken.slice(0, FAILURES_SHOWN).map((run) => (
          <li key={run.run_id} className="flex flex-wrap items-center justify-between gap-2 text-xs">
            <Link href={`/runs/${run.run_id}`} className="text-accent underline">
              {t('runOf', { agent: run.agent, run: `…${run.run_id.slice(-6)}` })}
            </Link>
            <span className="flex items-center gap-2">
              <RunStatus status={run.status} outcome={run.outcome} />
              <Ago at={run.ended_at ?? run.created_at} />
            </span>
          </li>
        ))}
      </ul>
    </Part>
  );
}

/** The providers of models, by what the last run that needed one met with: nothing is asked of them only to look. */
export function Models() {
  const t = useTranslations('health');
  const models = useQuery(allModels);
  const ended = useEnded();
  const isNone = models.isSuccess && models.data.length === 0;
  const isAnswered = ended.isSuccess ? modelsAnswer(ended.data.items) : null;
  return (
    <Part title={t('models')} state={stateOf([models, ended], isNone || isAnswered === false ? 'wait' : 'good')} advice={isNone ? t('agentsAdvice') : isAnswered === false ? t('modelsAdvice') : null}>
      <Known of={models}>
        {(all) => (
          <p>
            <Link href="/settings?show=installation" className="text-accent underline">
              {t('modelsNamed', { count: all.length })}
            </Link>
          </p>
        )}
      </Known>
      <Known of={ended}>{() => <p>{isAnswered === null ? t('modelsUnasked') : isAnswered ? t('modelsAnswered') : t('modelsAway')}</p>}</Known>
    </Part>
  );
}
