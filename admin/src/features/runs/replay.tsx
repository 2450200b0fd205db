'use client';

import { useQuery } from '@tanstack/react-query';
import { ChevronFirst, ChevronLast, ChevronLeft, ChevronRight } from 'lucide-react';
import { useTranslations } from 'use-intl';
import { Button, IconButton } from '@/components/ui/button';
import { Failed, Loading } from '@/components/ui/states';
import { useFormats } from '@/lib/format';
import type { RunEvent } from '@/lib/run/event';
import { fold, NEW_RUN } from '@/lib/run/fold';
import { recordedEvents } from '@/lib/run/recorded';
import { useAddress } from '@/lib/url';
import { Timeline } from './timeline';

/** A run as it stood after each of its events. Nothing is asked and nothing happens: it is read from the record. */
export function Replay({ id }: { id: string }) {
  const t = useTranslations('runs');
  const formats = useFormats();
  const { get, set } = useAddress();
  const recorded = useQuery({ queryKey: ['runs', 'recorded', id], queryFn: () => recordedEvents(id), staleTime: 0, refetchOnWindowFocus: false });
  if (recorded.isError) return <Failed error={recorded.error} onRetry={() => void recorded.refetch()} />;
  if (recorded.data === undefined) return <Loading lines={6} />;
  const { events } = recorded.data;
  const at = Math.min(Math.max(Math.trunc(Number(get('at'))) || 1, 1), events.length);
  const event = events[at - 1];
  if (event === undefined) return null;
  const run = events.slice(0, at).reduce((now, one) => fold(now, one.event, one.seq), NEW_RUN);
  const go = (to: number) => set({ at: String(to) });
  return (
    <>
      <div role="group" aria-label={t('replay')} className="sticky top-0 z-10 grid gap-2 rounded-xl border border-line bg-surface p-3 shadow-sm">
        <p role="status" className="text-sm font-medium">
          {t('replayAt', { at: formats.number(at), count: formats.number(events.length), what: t(`event.${wordOf(event.event)}`) })}
        </p>
        <input type="range" aria-label={t('replaySlide')} min={1} max={events.length} value={at} onChange={(change) => go(Number(change.target.value))} className="w-full accent-accent" />
        <div className="flex flex-wrap items-center gap-1">
          <IconButton label={t('replayFirst')} disabled={at === 1} onClick={() => go(1)}>
            <ChevronFirst className="size-4 rtl:-scale-x-100" aria-hidden />
          </IconButton>
          <IconButton label={t('replayBack')} disabled={at === 1} onClick={() => go(at - 1)}>
            <ChevronLeft className="size-4 rtl:-scale-x-100" aria-hidden />
          </IconButton>
          <IconButton label={t('replayOn')} disabled={at === events.length} onClick={() => go(at + 1)}>
            <ChevronRight className="size-4 rtl:-scale-x-100" aria-hidden />
          </IconButton>
          <IconButton label={t('replayLast')} disabled={at === events.length} onClick={() => go(events.length)}>
            <ChevronLast className="size-4 rtl:-scale-x-100" aria-hidden />
          </IconButton>
          <Button size="small" className="ms-auto" onClick={() => set({ at: '' })}>
            {t('replayEnd')}
          </Button>
        </div>
      </div>
      <Timeline run={run} isReplayed />
    </>
  );
}

/** Names of messages have no points in them. */
const WORDS = {
  'run.started': 'run_started',
  'run.forked': 'run_forked',
  'run.given': 'run_given',
  'model.delta': 'model_delta',
  'model.answered': 'model_answered',
  'tool.proposed': 'tool_proposed',
  'tool.decided': 'tool_decided',
  'hold.opened': 'hold_opened',
  'hold.closed': 'hold_closed',
  'hold.edited': 'hold_edited',
  'hold.escalated': 'hold_escalated',
  'budget.held': 'budget_held',
  'budget.decided': 'budget_decided',
  'tool.started': 'tool_started',
  'tool.delegated': 'tool_delegated',
  'tool.returned': 'tool_returned',
  'question.opened': 'question_opened',
  'question.closed': 'question_closed',
  'tool.done': 'tool_done',
  'tool.failed': 'tool_failed',
  reply: 'reply',
  'run.ended': 'run_ended',
} as const satisfies Record<RunEvent['event'], string>;

function wordOf({ event }: RunEvent): (typeof WORDS)[RunEvent['event']] {
  return WORDS[event];
}
