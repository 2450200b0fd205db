'use client';

import { useQueryClient } from '@tanstack/react-query';
import { CalendarClock, Pencil, Plug, RotateCw } from 'lucide-react';
import { useCallback, useEffect, useState } from 'react';
import { useTranslations } from 'use-intl';
import { RunView } from '@/components/run/run-view';
import { Answer } from '@/components/source/answer';
import { Button } from '@/components/ui/button';
import { Link } from '@/components/ui/link';
import { Ago } from '@/components/ui/time';
import { withoutMarks } from '@/lib/citations';
import { cx } from '@/lib/cx';
import { useFormats } from '@/lib/format';
import { useRun } from '@/lib/run/use-run';
import { askedOf, waitingOf, waitsForMoney } from '@/lib/run/fold';
import { spoken } from '@/lib/spoken';
import { isOwn, type Message, type Turn } from './api';
import { SentFiles } from './attachments';

/** Whose words these are, where one does not say them now oneself. */
function Whose({ message }: { message: Message }) {
  const t = useTranslations('chat');
  const { schedule_id: schedule, integrity } = message;
  if (schedule == null) {
    return (
      <p className="flex items-center gap-1.5 text-xs font-medium text-soft">
        <Plug className="size-3.5" aria-hidden />
        {t('program')}
      </p>
    );
  }
  const counts = integrity === 'owner' ? 'own' : integrity === 'outside' ? 'outside' : 'fact';
  return (
    <p className="flex max-w-[85%] flex-wrap items-center justify-end gap-x-1.5 text-xs font-medium text-soft">
      <CalendarClock className="size-3.5" aria-hidden />
      {t(`said.${counts}`)}
      <Link href={`/schedules?one=${schedule}`} className="text-accent underline underline-offset-2">
        {t('openSchedule')}
      </Link>
    </p>
  );
}

/** One's own words, or what stands in their place. They can be taken up again, changed or not. */
function Own({ message, onAgain }: { message: Message; onAgain: (message: Message) => void }) {
  const t = useTranslations('chat');
  const isSaid = message.schedule_id == null && isOwn(message);
  return (
    <div className="group/own grid justify-items-end gap-1">
      {!isSaid && <Whose message={message} />}
      <p dir="auto" className={cx('max-w-[85%] rounded-2xl rounded-ee-md px-4 py-2.5 break-words whitespace-pre-wrap', isSaid ? 'bg-accent-wash' : 'border border-dashed border-edge bg-surface')}>
        {message.text}
      </p>
      <SentFiles message={message} />
      <p className="flex items-center gap-1 text-xs text-soft">
        <Ago at={message.created_at} />
        <button
          type="button"
          aria-label={t('again')}
          title={t('again')}
          onClick={() => {
            onAgain(message);
          }}
          className="inline-flex size-7 items-center justify-center rounded-md hover:bg-sunken hover:text-ink"
        >
          <Pencil className="size-3.5" aria-hidden />
        </button>
      </p>
    </div>
  );
}

interface PastTurnProps {
  turn: Turn;
  onAgain: (message: Message) => void;
  /** The way to ask the same once more, where it is offered. */
  askAgain: React.ReactNode;
}

/** A turn that is over: the reply, and the steps behind it when asked for. */
export function PastTurn({ turn, onAgain, askAgain }: PastTurnProps) {
  const t = useTranslations('chat');
  const formats = useFormats();
  const [isOpen, setIsOpen] = useState(false);
  const runId = turn.message.run_id;
  return (
    <article aria-label={t('turn')} className="grid gap-4">
      <Own message={turn.message} onAgain={onAgain} />
      {isOpen && runId != null ? (
        <Steps runId={runId} askAgain={askAgain} />
      ) : (
        <div className="grid gap-2">
          {turn.reply !== null && <Answer text={turn.reply.text} citations={turn.reply.citations} />}
          {runId != null && (
            <div className="flex flex-wrap items-center gap-x-2">
              <Button
                size="small"
                tone="plain"
                onClick={() => {
                  setIsOpen(true);
                }}
              >
                {t('showSteps')}
              </Button>
              {turn.reply?.cost_micros != null && turn.reply.cost_micros > 0 && <span className="text-xs text-soft">{formats.usd(turn.reply.cost_micros)}</span>}
              {askAgain}
            </div>
          )}
        </div>
      )}
    </article>
  );
}

function Steps({ runId, askAgain }: { runId: string; askAgain: React.ReactNode }) {
  return <RunView followed={useRun(runId)} runId={runId} askAgain={askAgain} />;
}

interface LiveTurnProps {
  conversationId: string;
  turn: Turn;
  runId: string;
  isLast: boolean;
  onAgain: (message: Message) => void;
  /** Says the same once more, after a run that ended without a reply. */
  onRetry: () => void;
  isRetrying: boolean;
  /** The way to ask the same once more after an answer, where it is offered. */
  askAgain: React.ReactNode;
  /** Which run is under way, for the button that stops it. */
  onRunning: React.Dispatch<React.SetStateAction<string | null>>;
}

/** A turn as it happens. */
export function LiveTurn({ conversationId, turn, runId, isLast, onAgain, onRetry, isRetrying, askAgain, onRunning }: LiveTurnProps) {
  const t = useTranslations('chat');
  const client = useQueryClient();
  const hear = useCallback(
    (name: string) => {
      if (name === 'hold.opened' || name === 'hold.closed' || name === 'hold.escalated') void client.invalidateQueries({ queryKey: ['holds'] });
      if (name === 'run.ended') void client.invalidateQueries({ queryKey: ['conversations', conversationId, 'messages'] });
    },
    [client, conversationId],
  );
  const followed = useRun(runId, hear);
  const { run, isHeard } = followed;
  const isRunning = isLast && isHeard && run.ended === null && followed.error === null;
  useEffect(() => {
    // Until something is heard of it, a run that was just begun counts as under way: what began it said so.
    if (!isLast || !isHeard) return undefined;
    onRunning((now) => (isRunning ? runId : now === runId ? null : now));
    return () => onRunning((now) => (now === runId ? null : now));
  }, [isLast, isHeard, isRunning, runId, onRunning]);
  return (
    <article aria-label={t('turn')} className="grid gap-4">
      <Own message={turn.message} onAgain={onAgain} />
      {/* Reading out every token would drown everything else: what is finished is announced, once. */}
      <p role="status" className="sr-only">
        {run.reply !== null && isLast ? t('replied', { text: spoken(withoutMarks(run.reply)) }) : askedOf(run).length > 0 ? t('asked') : waitingOf(run).length > 0 || waitsForMoney(run) !== null ? t('waits') : ''}
      </p>
      {!isHeard && turn.reply !== null ? <Answer text={turn.reply.text} citations={turn.reply.citations} /> : <RunView followed={followed} runId={runId} retry={isLast && isOwn(turn.message) && <Retry message={turn.message} isBusy={isRetrying} onRetry={onRetry} />} askAgain={askAgain} />}
    </article>
  );
}

/** Whether files that came with a message are gone. */
function isCut(message: Message): boolean {
  return message.attachments.some((one) => one.document_id == null);
}

/** The way on after a run that failed or was stopped. */
function Retry({ message, isBusy, onRetry }: { message: Message; isBusy: boolean; onRetry: () => void }) {
  const t = useTranslations('chat');
  return (
    <div className="grid justify-items-start gap-1 pt-1.5">
      {isCut(message) && <p className="text-soft">{t('retryFilesGone')}</p>}
      <Button size="small" isBusy={isBusy} title={t('retryHint')} onClick={onRetry}>
        <RotateCw className="size-4" aria-hidden />
        {t('retry')}
      </Button>
    </div>
  );
}

interface AskAgainProps {
  message: Message;
  isBusy: boolean;
  /** Why not now, if so. */
  forbidden: string | null;
  onAsk: () => void;
}

/** The same once more after an answer, for another one. */
export function AskAgain({ message, isBusy, forbidden, onAsk }: AskAgainProps) {
  const t = useTranslations('chat');
  return (
    <>
      <Button size="small" tone="plain" isBusy={isBusy} forbidden={forbidden} title={t('retryHint')} onClick={onAsk}>
        <RotateCw className="size-4" aria-hidden />
        {t('askAgain')}
      </Button>
      {isCut(message) && <span className="text-xs text-soft">{t('retryFilesGone')}</span>}
    </>
  );
}
