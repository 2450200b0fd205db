'use client';

import { Bot, CalendarClock, Flag, GitFork, MessageSquare, User } from 'lucide-react';
import { useTranslations } from 'use-intl';
import { Markdown } from '@/components/markdown';
import { CallCard } from '@/components/run/call-card';
import { EndReason } from '@/components/run/end-reason';
import { RunStatus } from '@/components/run/status';
import { Answer } from '@/components/source/answer';
import { Badge } from '@/components/ui/badge';
import { Button } from '@/components/ui/button';
import { Link } from '@/components/ui/link';
import { withoutMarks } from '@/lib/citations';
import { useFormats } from '@/lib/format';
import { usedParts, type UsedPart } from '@/lib/provenance';
import { stepOfCall, type Item, type Run, type Step } from '@/lib/run/fold';

/** Beginning another run from a step: why not, if so, and doing it. */
export interface Forking {
  forbidden: string | null;
  from: (step: number) => void;
}

/** A run from the message to its end: what the model used at each step, what it wanted, what became of it. In a replay nothing waits to be decided. */
export function Timeline({ run, fork = null, isReplayed = false }: { run: Run; fork?: Forking | null; isReplayed?: boolean }) {
  const t = useTranslations('runs');
  if (run.started === null) return null;
  const parts = usedParts(run.items.flatMap((item) => (item.kind === 'call' ? [item.call.provenance] : [])));
  return (
    <ol aria-label={t('timeline')} className="grid gap-3">
      {run.given === null ? (
        <Moment icon={<User className="size-4" aria-hidden />} title={t('asked')} action={<ForkButton fork={fork} step={1} label={t('forkStart')} />}>
          <p dir="auto" className="whitespace-pre-wrap">
            {run.started.text}
          </p>
        </Moment>
      ) : (
        <Moment icon={<CalendarClock className="size-4" aria-hidden />} title={run.given.parent === null ? t('given') : t('handedOn')} aside={run.given.isOutside && <Badge>{t('givenOutside')}</Badge>}>
          <p dir="auto" className="whitespace-pre-wrap">
            {run.given.text}
          </p>
          {run.given.parent !== null && (
            <Link href={`/runs/${run.given.parent}`} className="font-mono text-xs break-all text-accent underline">
              {run.given.parent}
            </Link>
          )}
          {run.given.scheduleId !== null && (
            <p className="text-sm">
              <Link href={`/schedules?one=${run.given.scheduleId}`} className="text-accent underline underline-offset-2">
                {t('openSchedule')}
              </Link>
            </p>
          )}
        </Moment>
      )}
      {run.forked !== null && (
        <Moment icon={<GitFork className="size-4" aria-hidden />} title={t('forkedFrom')}>
          <p className="grid gap-1 text-sm">
            <Link href={`/runs/${run.forked.from}`} className="font-mono text-xs break-all text-accent underline">
              {run.forked.from}
            </Link>
            <span className="text-soft">{t('forkedSteps', { count: run.forked.step - 1 })}</span>
          </p>
        </Moment>
      )}
      {run.steps.map((step) => (
        <StepMoment
          key={step.step}
          step={step}
          items={run.items.filter((item) => stepOf(item) === step.step)}
          parts={parts}
          isLive={run.ended === null && !isReplayed}
          isTaken={step.step < (run.forked?.step ?? 0)}
          fork={fork}
        />
      ))}
      {run.reply !== null && (
        <Moment icon={<MessageSquare className="size-4" aria-hidden />} title={t('replied')}>
          <Answer text={run.reply} citations={run.citations} />
        </Moment>
      )}
      {run.ended !== null && (
        <Moment icon={<Flag className="size-4" aria-hidden />} title={t('ended')}>
          <div className="grid justify-items-start gap-1 text-sm">
            <RunStatus status="ended" outcome={run.ended.outcome} />
            {run.ended.outcome !== 'replied' && <EndReason run={run} />}
          </div>
        </Moment>
      )}
    </ol>
  );
}

function stepOf(item: Item): number {
  return item.kind === 'said' ? item.step : stepOfCall(item.call.id);
}

interface StepMomentProps {
  step: Step;
  items: Item[];
  /** Labels of parts of results, by call. */
  parts: ReadonlyMap<string, readonly UsedPart[]>;
  isLive: boolean;
  isTaken: boolean;
  fork: Forking | null;
}

function StepMoment({ step, items, parts, isLive, isTaken, fork }: StepMomentProps) {
  const t = useTranslations('runs');
  const formats = useFormats();
  return (
    <Moment
      icon={<Bot className="size-4" aria-hidden />}
      title={t('step', { number: step.step })}
      aside={isTaken ? <Badge>{t('taken')}</Badge> : `${step.model} · ${t('readWritten', { input: formats.number(step.input), output: formats.number(step.output) })} · ${formats.usd(step.costMicros)}`}
      action={step.step > 1 && <ForkButton fork={fork} step={step.step} label={t('forkStep', { number: step.step })} />}
    >
      {items.length > 0 && (
        <div className="grid gap-2">
          {items.map((item) => (item.kind === 'said' ? <Markdown key="said" text={withoutMarks(item.text)} /> : <CallCard key={item.call.id} call={item.call} isLive={isLive} askedAtMicros={isTaken ? null : step.costMicros} parts={parts.get(item.call.id)} />))}
        </div>
      )}
    </Moment>
  );
}

function ForkButton({ fork, step, label }: { fork: Forking | null; step: number; label: string }) {
  if (fork === null) return null;
  return (
    <Button tone="plain" size="small" aria-label={label} title={label} forbidden={fork.forbidden} onClick={() => fork.from(step)}>
      <GitFork className="size-4" aria-hidden />
    </Button>
  );
}

interface MomentProps {
  icon: React.ReactNode;
  title: string;
  aside?: React.ReactNode;
  action?: React.ReactNode;
  children?: React.ReactNode;
}

function Moment({ icon, title, aside, action, children }: MomentProps) {
  return (
    <li className="grid grid-cols-[1.75rem_1fr] gap-x-3 gap-y-1.5">
      <span className="row-span-2 grid justify-items-center">
        <span className="grid size-7 place-items-center rounded-full bg-sunken text-soft">{icon}</span>
      </span>
      <div className="flex items-start gap-x-3">
        <div className="flex min-w-0 flex-1 flex-wrap items-center gap-x-3">
          <p className="min-h-7 flex-1 pt-0.5 text-sm font-semibold whitespace-nowrap">{title}</p>
          {aside !== undefined && <span className="text-xs text-soft">{aside}</span>}
        </div>
        {action}
      </div>
      <div className="col-start-2 min-w-0">{children}</div>
    </li>
  );
}
