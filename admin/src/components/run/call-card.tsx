'use client';

import { Ban, ChevronDown, CircleCheck, CircleDashed, CircleX, Loader, ShieldQuestion } from 'lucide-react';
import { useState } from 'react';
import { useTranslations } from 'use-intl';
import { Arguments } from '@/components/arguments';
import { InItsPlace, later } from '@/components/later';
import { Rules } from '@/components/rules';
import { LabelBadges } from '@/components/label-badges';
import { Result } from '@/components/run/result';
import { ToolName } from '@/components/tool-name';
import { Badge, type BadgeTone } from '@/components/ui/badge';
import { Facts } from '@/components/ui/card';
import { Link } from '@/components/ui/link';
import { cx } from '@/lib/cx';
import { useFormats } from '@/lib/format';
import { leavesOf, pointerInWords } from '@/lib/json';
import { cutAfter } from '@/lib/letters';
import type { UsedPart } from '@/lib/provenance';
import type { Call, CallStage } from '@/lib/run/fold';
import { seen } from '@/lib/seen';

// Most calls wait for nobody: deciding comes with the first that does.
const HoldCard = later(() => import('@/components/hold/hold-card').then((loaded) => loaded.HoldCard), InItsPlace);

const QuestionCard = later(() => import('@/components/question/question-card').then((loaded) => loaded.QuestionCard), InItsPlace);

const TONES: Record<CallStage, BadgeTone> = { proposed: 'plain', allowed: 'plain', held: 'wait', blocked: 'bad', running: 'accent', done: 'good', failed: 'bad' };
const ICONS: Record<CallStage, typeof Ban> = { proposed: CircleDashed, allowed: CircleDashed, held: ShieldQuestion, blocked: Ban, running: Loader, done: CircleCheck, failed: CircleX };
/** Of the arguments in the closed card's one line. */
const LETTERS_IN_LINE = 140;

interface CallCardProps {
  call: Call;
  isLive: boolean;
  /** What the model's answer cost that asked for it; none where nobody knows. */
  askedAtMicros: number | null;
  /** What later calls say of parts of its result. */
  parts?: readonly UsedPart[];
}

/** A call the model wanted, what the rules said of it and what became of it. Opens for the arguments and the rules. */
export function CallCard({ call, isLive, askedAtMicros, parts = [] }: CallCardProps) {
  const t = useTranslations('call');
  const formats = useFormats();
  const Icon = ICONS[call.stage];
  // A card with a dialog open stays until that is closed, whatever others decide meanwhile.
  const [deciding, setDeciding] = useState<string | null>(null);
  const waiting = call.stage === 'held' && call.hold !== null && call.hold.outcome === null && isLive ? call.hold.id : null;
  const held = deciding ?? waiting;
  if (held !== null) {
    return <HoldCard id={held} isInline onDeciding={setDeciding} />;
  }
  const open = isLive ? call.questions.find((asked) => asked.outcome === null) : undefined;
  const values = () => leavesOf(call.arguments).map((leaf) => leaf.value);
  const line = seen(call.summary ?? cutAfter(values().join(' · '), LETTERS_IN_LINE)[0]);
  const why = call.stage === 'blocked' ? reasonOf(call) : call.failure?.message;
  const card = (
    <details className={cx('group rounded-lg border bg-surface text-sm', call.stage === 'blocked' ? 'border-bad' : 'border-line')}>
      <summary className="grid list-none gap-1 rounded-lg px-3 py-2 hover:bg-sunken [&::-webkit-details-marker]:hidden">
        <span className="flex items-center gap-2">
          <Icon className={cx('size-4 shrink-0', call.stage === 'running' && 'motion-safe:animate-spin', { done: 'text-good', blocked: 'text-bad', failed: 'text-bad', held: 'text-wait' }[String(call.stage)] ?? 'text-soft')} aria-hidden />
          <span className="shrink-0 font-medium">
            <ToolName name={call.tool} />
          </span>
          <span className="min-w-0 flex-1 truncate text-soft" dir="auto">
            {line}
          </span>
          <Badge tone={TONES[call.stage]}>{t(`stage.${call.stage}`)}</Badge>
          <ChevronDown className="size-4 shrink-0 text-soft transition-transform group-open:rotate-180" aria-hidden />
        </span>
        {why != null && why !== '' && <span className="ps-6 text-bad">
            <bdi>{seen(why)}</bdi>
          </span>}
      </summary>
      <div className="grid gap-3 border-t border-line p-3">
        <Arguments value={call.arguments} provenance={call.provenance} />
        <Outcome call={call} askedAtMicros={askedAtMicros} />
        {call.result !== undefined && <Result value={call.result} bytes={call.resultBytes} />}
        {call.result === undefined && call.resultBytes > 0 && <p className="text-soft">{t('resultForItsPerson', { size: formats.binary(call.resultBytes) })}</p>}
        {parts.length > 0 && <Parts parts={parts} />}
        {call.rules.length > 0 && <Rules ids={call.rules} />}
      </div>
    </details>
  );
  if (open === undefined) return card;
  return (
    <div className="grid gap-2">
      {card}
      <QuestionCard key={open.id} asked={open} />
    </div>
  );
}

/** Labels of what later calls took from the result, as the gate saw them. */
function Parts({ parts }: { parts: readonly UsedPart[] }) {
  const t = useTranslations('call');
  return (
    <section aria-label={t('parts')} className="grid gap-1">
      <p className="text-soft">{t('parts')}</p>
      <ul className="grid gap-1">
        {parts.map((part) => (
          <li key={part.path} className="flex flex-wrap items-center justify-between gap-2">
            <span title={seen(part.path)}>{pointerInWords(part.path)}</span>
            <LabelBadges integrity={part.integrity} readers={part.readers} />
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Why it was not done: a person's words, or the rule's. */
function reasonOf(call: Call): string | null {
  if (call.hold !== null && call.hold.outcome !== null && call.hold.outcome !== 'approved') return call.hold.words === null || call.hold.words === '' ? call.reason : call.hold.words;
  return call.reason ?? call.failure?.message ?? null;
}

function Outcome({ call, askedAtMicros }: { call: Call; askedAtMicros: number | null }) {
  const t = useTranslations('call');
  const formats = useFormats();
  const facts: [string, React.ReactNode][] = [];
  if (call.reason !== null) facts.push([t('reason'), seen(call.reason)]);
  if (call.blockClass !== null) facts.push([t('class'), <code key="class">{call.blockClass}</code>]);
  if (call.hold?.outcome != null) facts.push([t('people'), t(`outcome.${outcomeOf(call.hold.outcome)}`)]);
  if (call.summary !== null) facts.push([t('summary'), <bdi key="summary">{seen(call.summary)}</bdi>]);
  if (call.failure !== null) facts.push([t('failure'), seen(call.failure.message)]);
  if (call.subRun !== null) {
    const { id, agent } = call.subRun;
    facts.push([
      t('subRun', { agent }),
      <Link key="subRun" href={`/runs/${id}`} className="font-mono text-xs break-all text-accent underline">
        {id}
      </Link>,
    ]);
  }
  if (call.ms !== null) facts.push([t('time'), formats.ms(call.ms)]);
  if (call.fuel !== null && call.fuel > 0) facts.push([t('fuel'), formats.number(call.fuel)]);
  if (call.used !== null) facts.push(...takenOf(call.used, t, formats));
  if (askedAtMicros !== null && askedAtMicros > 0) facts.push([t('cost'), formats.usd(askedAtMicros)]);
  if (call.attempts > 1) facts.push([t('attempts'), formats.number(call.attempts)]);
  return facts.length === 0 ? null : <Facts facts={facts} />;
}

/** What its sandbox took beside time; nothing of what it did not take. */
function takenOf(used: NonNullable<Call['used']>, t: ReturnType<typeof useTranslations<'call'>>, formats: ReturnType<typeof useFormats>): [string, React.ReactNode][] {
  const { memory_bytes: memory, stack_bytes: stack, requests, refused, sent_bytes: sent, received_bytes: received, host_calls: hostCalls, questions, output_bytes: output, table_elements: tables, logs_cut: cut } = used;
  const taken: [string, React.ReactNode, boolean][] = [
    [t('memory'), formats.binary(memory), memory > 0],
    [t('stack'), formats.binary(stack), stack > 0],
    [t('tables'), t('elements', { count: tables }), tables > 0],
    [t('hostCalls'), t('hostCallsOf', { count: hostCalls, questions }), hostCalls > 0],
    [t('requests'), t('requestsSent', { count: requests, refused }), requests + refused > 0],
    [t('bytes'), t('bytesBoth', { sent: formats.binary(sent), received: formats.binary(received) }), sent + received > 0],
    [t('output'), formats.binary(output), output > 0],
    [t('logsCut'), t('lines', { count: cut }), cut > 0],
  ];
  return taken.flatMap(([name, value, isThere]) => (isThere ? [[name, value]] : []));
}

const OUTCOMES = ['approved', 'rejected', 'expired', 'cancelled', 'edited', 'revised', 'changed'] as const;

function outcomeOf(outcome: string): (typeof OUTCOMES)[number] | 'other' {
  return OUTCOMES.find((one) => one === outcome) ?? 'other';
}
