'use client';

import { WifiOff } from 'lucide-react';
import { Link } from '@/components/ui/link';
import { useTranslations } from 'use-intl';
import { Markdown } from '@/components/markdown';
import { Answer } from '@/components/source/answer';
import { Copy } from '@/components/ui/copy';
import { Failed } from '@/components/ui/states';
import { withoutMarks } from '@/lib/citations';
import { useFormats } from '@/lib/format';
import { may, useMe } from '@/lib/me';
import { limitOf } from '@/lib/no-room';
import { askedAtCost, askedOf, costOf, waitingOf, waitsForMoney, type Run } from '@/lib/run/fold';
import type { Followed } from '@/lib/run/use-run';
import { CallCard } from './call-card';
import { EndReason } from './end-reason';

interface RunViewProps {
  followed: Followed;
  runId: string;
  /** The way to try again, where it ended without a reply. */
  retry?: React.ReactNode;
  /** The way to ask once more, where there is an answer. */
  askAgain?: React.ReactNode;
}

/** A run as it happens: words, calls, decisions, the reply. */
export function RunView({ followed, runId, retry = null, askAgain = null }: RunViewProps) {
  const { run, error, isLost, isHeard } = followed;
  if (error !== null) return <Failed error={error} />;
  const isLive = run.ended === null;
  return (
    <div className="grid gap-3">
      {run.items.map((item) => (item.kind === 'said' ? <Markdown key={`said ${item.step}`} text={withoutMarks(item.text)} /> : <CallCard key={item.call.id} call={item.call} isLive={isLive} askedAtMicros={askedAtCost(run, item.call)} />))}
      {run.reply !== null && <Answer text={run.reply} citations={run.citations} />}
      {/* Nobody has checked yet what these words name. */}
      {run.reply === null && run.draft !== '' && <Markdown text={withoutMarks(run.draft)} />}
      <NoRoom run={run} />
      <Activity run={run} isLost={isLost} isHeard={isHeard} />
      <Ending run={run} retry={retry} />
      {/* What was stopped or failed has cost something too. */}
      {(run.reply !== null || !isLive) && <Footer run={run} runId={runId} askAgain={askAgain} />}
    </div>
  );
}

/** What goes on now, in a word: never silence without a sign. */
function Activity({ run, isLost, isHeard }: { run: Run; isLost: boolean; isHeard: boolean }) {
  const t = useTranslations('run');
  if (run.ended !== null) return null;
  if (isLost) {
    return (
      <p role="status" className="flex items-center gap-2 text-sm text-wait">
        <WifiOff className="size-4" aria-hidden />
        {t('lost')}
      </p>
    );
  }
  if (waitingOf(run).length > 0 || askedOf(run).length > 0 || waitsForMoney(run) !== null) return null;
  if (run.draft !== '' || run.reply !== null) return null;
  const isCalling = run.items.some((item) => item.kind === 'call' && item.call.stage === 'running');
  return (
    <p className="flex items-center gap-2 text-sm text-soft">
      <span className="size-2 animate-pulse-soft rounded-full bg-accent" aria-hidden />
      {!isHeard ? t('starting') : isCalling ? t('calling') : t('thinking')}
    </p>
  );
}

/** A budget has no room: what is needed, and who can say so. */
function NoRoom({ run }: { run: Run }) {
  const t = useTranslations('run');
  const formats = useFormats();
  const me = useMe();
  const limits = useTranslations('noRoom');
  const waits = waitsForMoney(run);
  if (waits === null) return null;
  const limit = limitOf(waits.limit);
  return (
    <div className="rounded-lg border border-line bg-sunken px-3 py-2 text-sm">
      <p className="font-medium text-wait">{t('noRoom')}</p>
      <p className="text-soft">
        {limit === null ? <bdi>{waits.why}</bdi> : limits(limit)}
      </p>
      <p>{t('noRoomNeeds', { amount: formats.usd(waits.needMicros) })}</p>
      {may(me, 'budgets:read') && (
        <Link href="/budgets" className="text-accent underline">
          {t('noRoomDecide')}
        </Link>
      )}
    </div>
  );
}

/** An end without a reply: why, and what can be done. */
function Ending({ run, retry }: { run: Run; retry: React.ReactNode }) {
  const t = useTranslations('run');
  if (run.ended === null || run.ended.outcome === 'replied') return null;
  const outcome = (['cancelled', 'step_limit', 'time_limit', 'token_limit', 'budget_limit', 'stubborn', 'model_failed', 'failed'] as const).find((one) => one === run.ended?.outcome);
  return (
    <div className="rounded-lg border border-line bg-sunken px-3 py-2 text-sm">
      <p className="font-medium">{outcome === undefined ? run.ended.outcome : t(`outcome.${outcome}`)}</p>
      <EndReason run={run} />
      {retry}
    </div>
  );
}

function Footer({ run, runId, askAgain }: { run: Run; runId: string; askAgain: React.ReactNode }) {
  const t = useTranslations('run');
  const formats = useFormats();
  const cost = costOf(run);
  return (
    <p className="flex flex-wrap items-center gap-x-2 text-xs text-soft">
      {run.reply !== null && <Copy text={withoutMarks(run.reply)} label={t('copyReply')} />}
      <span>{t('steps', { count: run.steps.length })}</span>
      {cost.tokens > 0 && <span>· {t('tokens', { count: cost.tokens })}</span>}
      {cost.micros > 0 && <span>· {formats.usd(cost.micros)}</span>}
      <Link href={`/runs/${runId}`} className="underline underline-offset-2">
        {t('open')}
      </Link>
      {askAgain}
    </p>
  );
}
