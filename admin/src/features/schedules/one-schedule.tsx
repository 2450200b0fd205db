'use client';

import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Bot } from 'lucide-react';
import { useState } from 'react';
import { useTranslations } from 'use-intl';
import { RunStatus } from '@/components/run/status';
import { Badge, type BadgeTone } from '@/components/ui/badge';
import { Button } from '@/components/ui/button';
import { Card, Facts } from '@/components/ui/card';
import { Link } from '@/components/ui/link';
import { Problem } from '@/components/ui/states';
import { Ago } from '@/components/ui/time';
import { useToast } from '@/components/ui/toast';
import { answer, api, done, type Schemas } from '@/lib/api/client';
import { useFormats } from '@/lib/format';
import { useCronWords } from './when';

type Schedule = Schemas['ScheduleView'];
type State = 'next' | 'paused' | 'over';

const TONES: Record<State, BadgeTone> = { next: 'good', paused: 'wait', over: 'plain' };

export function stateOf(schedule: Schedule): State {
  if (schedule.next_at == null) return 'over';
  return schedule.paused_at == null ? 'next' : 'paused';
}

/** What is said, when, by whose word, what became of it, and stopping it. */
export function OneSchedule({ schedule }: { schedule: Schedule }) {
  const t = useTranslations('schedules');
  const formats = useFormats();
  const words = useCronWords();
  const state = stateOf(schedule);
  const { last } = schedule;
  const facts: ([string, React.ReactNode] | null)[] = [
    [t('agent'), <bdi key="agent">{schedule.agent}</bdi>],
    [
      t('when'),
      schedule.cron == null ? (
        <span key="when">{t('once', { at: formats.exact(schedule.at ?? schedule.created_at) })}</span>
      ) : (
        <span key="when" title={schedule.cron}>
          {words(schedule.cron)} <span className="text-soft">({t('byClock', { zone: schedule.time_zone })})</span>
        </span>
      ),
    ],
    state === 'next' && schedule.next_at != null ? [t('next'), <Ago key="next" at={schedule.next_at} />] : null,
    schedule.paused_at == null
      ? null
      : [
          t('paused'),
          <span key="paused">
            <Ago at={schedule.paused_at} />
            {schedule.paused_why != null && (
              <>
                {': '}
                <bdi>{schedule.paused_why}</bdi>
              </>
            )}
          </span>,
        ],
    last == null
      ? null
      : [
          t('last'),
          <span key="last" className="inline-flex flex-wrap items-center gap-x-2">
            <Ago at={last.due_at} />
            {last.run_id == null ? (
              <bdi>{last.why}</bdi>
            ) : (
              <>
                <RunStatus status={last.outcome == null ? 'running' : 'ended'} outcome={last.outcome} />
                <Link href={`/runs/${last.run_id}`} className="text-accent underline underline-offset-2">
                  {t('openRun')}
                </Link>
              </>
            )}
          </span>,
        ],
    [
      t('where'),
      schedule.conversation_id == null ? (
        t('anew')
      ) : (
        <Link key="where" href={`/chat/${schedule.conversation_id}`} className="text-accent underline underline-offset-2">
          {t('conversation')}
        </Link>
      ),
    ],
  ];
  return (
    <Card className="grid gap-3 p-4">
      <div className="flex items-start gap-2">
        <h2 dir="auto" className="line-clamp-4 min-w-0 flex-1 font-semibold break-words whitespace-pre-wrap">
          {schedule.text}
        </h2>
        <Badge tone={TONES[state]}>{t(`state.${state}`)}</Badge>
      </div>
      <Facts facts={facts.filter((fact) => fact !== null)} />
      {schedule.made_by_run != null && <MadeByAgent schedule={schedule} run={schedule.made_by_run} />}
      <Steps schedule={schedule} state={state} />
    </Card>
  );
}

/** An agent made it: in which run, and for how much its text counts when it is said. */
function MadeByAgent({ schedule, run }: { schedule: Schedule; run: string }) {
  const t = useTranslations('schedules');
  const counts = schedule.own_words ? 'own' : schedule.integrity === 'outside' ? 'outside' : 'fact';
  return (
    <div className="flex items-start gap-2 rounded-lg bg-sunken px-3 py-2 text-sm">
      <Bot className="mt-0.5 size-4 shrink-0 text-soft" aria-hidden />
      <div className="grid gap-1">
        <p>
          {t('byAgent')}{' '}
          <Link href={`/runs/${run}`} className="text-accent underline underline-offset-2">
            {t('openRun')}
          </Link>
        </p>
        <p className="text-soft">{t(`counts.${counts}`)}</p>
        {schedule.is_private && <p className="text-soft">{t('private')}</p>}
      </div>
    </div>
  );
}

/** Pausing it, letting it go on, taking it away. */
function Steps({ schedule, state }: { schedule: Schedule; state: State }) {
  const t = useTranslations('schedules');
  const toast = useToast();
  const client = useQueryClient();
  const [isSure, setIsSure] = useState(false);
  const path = { id: schedule.schedule_id };
  const refresh = () => client.invalidateQueries({ queryKey: ['schedules'] });
  const pause = useMutation({ mutationFn: () => answer(api.POST('/api/v1/schedules/{id}/pause', { params: { path } })), onSettled: refresh, onSuccess: () => toast(t('isPaused')) });
  const resume = useMutation({ mutationFn: () => answer(api.POST('/api/v1/schedules/{id}/resume', { params: { path } })), onSettled: refresh, onSuccess: () => toast(t('isResumed')) });
  const remove = useMutation({
    mutationFn: () => done(api.DELETE('/api/v1/schedules/{id}', { params: { path } })),
    onSuccess: async () => {
      toast(t('isRemoved'));
      await refresh();
    },
  });
  const error = pause.error ?? resume.error ?? remove.error;
  return (
    <div className="grid gap-2">
      {error !== null && <Problem error={error} />}
      <div className="flex flex-wrap gap-2">
        {state === 'next' && (
          <Button size="small" isBusy={pause.isPending} onClick={() => pause.mutate()}>
            {t('pause')}
          </Button>
        )}
        {state === 'paused' && (
          <Button size="small" isBusy={resume.isPending} onClick={() => resume.mutate()}>
            {t('resume')}
          </Button>
        )}
        <Button size="small" tone="danger" isBusy={remove.isPending} onClick={() => (isSure ? remove.mutate() : setIsSure(true))}>
          {isSure ? t('removeSure') : t('remove')}
        </Button>
        {isSure && (
          <Button size="small" onClick={() => setIsSure(false)}>
            {t('keep')}
          </Button>
        )}
      </div>
    </div>
  );
}
