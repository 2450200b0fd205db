import type { Schemas } from '@/lib/api/client';
import { originsKept } from '../provenance';
import type { RunEvent } from './event';

/** How far a call is. */
export type CallStage = 'proposed' | 'allowed' | 'held' | 'blocked' | 'running' | 'done' | 'failed';

/** What a server asked the person in the middle of a call. */
export interface AskedQuestion {
  id: string;
  server: string;
  form: Schemas['QuestionForm'];
  expiresAtMs: number;
  outcome: string | null;
}

/** A call the model proposed, and what became of it. */
export interface Call {
  id: string;
  tool: string;
  arguments: unknown;
  provenance: unknown;
  stage: CallStage;
  rules: string[];
  reason: string | null;
  blockClass: string | null;
  hold: { id: string; envelopeId: string; needs: string[][]; expiresAtMs: number; outcome: string | null; words: string | null } | null;
  questions: AskedQuestion[];
  attempts: number;
  summary: string | null;
  failure: { kind: string; message: string } | null;
  ms: number | null;
  fuel: number | null;
  /** The run that serves it, with its agent, and how that ended. */
  subRun: { id: string; agent: string; outcome: string | null } | null;
  /** What it took beside fuel and time. */
  used: Schemas['CallUsed'] | null;
  /** What it answered, where the event says so. */
  result: unknown;
  /** How large all of it is. */
  resultBytes: number;
}

/** What stands in a run, in order: the model's words between calls, and calls. */
export type Item = { kind: 'said'; step: number; text: string } | { kind: 'call'; call: Call };

/** What a step of the model used. */
export interface Step {
  step: number;
  model: string;
  input: number;
  cached: number;
  output: number;
  costMicros: number;
}

/** A run as far as its events were heard. */
export interface Run {
  /** The journal's number of the last event heard. */
  seq: number;
  items: Item[];
  steps: Step[];
  /** What the model is writing now. */
  draft: string;
  reply: string | null;
  citations: Schemas['CitationView'][];
  started: { agent: string; prompt: string; model: string; text: string } | null;
  /** What an agent wrote, earlier or in the run that this one serves: then nobody asked for it just now. */
  given: { text: string; scheduleId: string | null; isOutside: boolean; parent: string | null } | null;
  /** Where it goes on from: its steps before this one are taken from the other run's record. */
  forked: { from: string; step: number } | null;
  /** What the run waits or waited for because a budget has no room: the last such wait. */
  budget: { id: string; needMicros: number; why: string; limit: string | null; expiresAtMs: number; outcome: string | null; words: string | null } | null;
  /** How it ended, why as the server's code, and in the server's words. */
  ended: { outcome: string; reason: string | null; message: string } | null;
}

export const NEW_RUN: Run = {
  seq: 0,
  items: [],
  steps: [],
  draft: '',
  reply: null,
  citations: [],
  started: null,
  given: null,
  forked: null,
  budget: null,
  ended: null,
};

/** The connection broke: the next one begins with all that was written of the answer so far. */
export function cut(run: Run): Run {
  return run.ended ? run : { ...run, draft: '' };
}

/**
 * Adds an event. The same event twice changes nothing: several share a number, so after a cut the last number is heard again.
 */
export function fold(run: Run, event: RunEvent, seq: number | null): Run {
  const next = { ...run, seq: Math.max(run.seq, seq ?? 0) };
  switch (event.event) {
    case 'run.started':
      return { ...next, started: event.data };
    case 'run.given':
      return {
        ...next,
        given: {
          text: event.data.text,
          scheduleId: event.data.schedule_id ?? null,
          isOutside: event.data.integrity === 'outside',
          parent: event.data.parent_run_id ?? null,
        },
      };
    case 'run.forked':
      return { ...next, forked: { from: event.data.from, step: event.data.step } };
    case 'model.delta':
      return { ...next, draft: (event.data.begins === true ? '' : run.draft) + event.data.text };
    case 'model.answered': {
      const { step, model, usage, cost_micros: costMicros } = event.data;
      if (run.steps.some((known) => known.step === step)) return next;
      const steps = [...run.steps, { step, model, costMicros, ...usage }];
      return { ...next, steps };
    }
    case 'tool.proposed': {
      const { call_id: id, tool, arguments: args, provenance } = event.data;
      if (callOf(run, id)) return next;
      const call: Call = {
        id,
        tool,
        arguments: args,
        provenance,
        stage: 'proposed',
        rules: [],
        reason: null,
        blockClass: null,
        hold: null,
        questions: [],
        attempts: 0,
        summary: null,
        failure: null,
        ms: null,
        fuel: null,
        subRun: null,
        used: null,
        result: undefined,
        resultBytes: 0,
      };
      const said: Item[] = run.draft.trim() === '' ? [] : [{ kind: 'said', step: run.steps.length, text: run.draft }];
      return { ...next, draft: '', items: [...run.items, ...said, { kind: 'call', call }] };
    }
    case 'tool.decided': {
      const { verdict, rules, reason, class: blockClass } = event.data;
      const stage = verdict === 'allow' ? 'allowed' : verdict === 'hold' ? 'held' : 'blocked';
      return change(next, event.data.call_id, (call) => (isOver(call) ? call : { ...call, stage, rules, reason, blockClass: blockClass ?? null }));
    }
    case 'hold.opened': {
      const { hold_id: id, envelope_id: envelopeId, needs, expires_at_ms: expiresAtMs } = event.data;
      return change(next, event.data.call_id, (call) =>
        call.hold?.id === id && call.hold.envelopeId === envelopeId ? call : { ...call, stage: isOver(call) ? call.stage : 'held', hold: { id, envelopeId, needs, expiresAtMs, outcome: null, words: null } },
      );
    }
    case 'hold.closed': {
      const { outcome, reason } = event.data;
      return change(next, event.data.call_id, (call) => {
        if (call.hold === null) return call;
        // Approved goes on, edited waits again; in every other case it will not be done.
        const stage = outcome === 'approved' || outcome === 'edited' || isOver(call) ? call.stage : 'blocked';
        return { ...call, stage, hold: { ...call.hold, outcome, words: reason ?? null } };
      });
    }
    case 'hold.edited': {
      const { next_hold_id: id, hold_id: before, arguments: args } = event.data;
      // Another envelope waits in its place; which one, and for whom, is told by the opening that follows.
      return change(next, event.data.call_id, (call) => (call.hold?.id === before ? { ...call, arguments: args, provenance: originsKept(call.provenance, call.arguments, args), hold: { ...call.hold, id, outcome: null, words: null } } : call));
    }
    case 'hold.escalated':
      // Who is asked by now stands on the card itself.
      return next;
    case 'budget.held': {
      const { budget_hold_id: id, need_micros: needMicros, why, limit = null, expires_at_ms: expiresAtMs } = event.data;
      return run.budget?.id === id ? next : { ...next, budget: { id, needMicros, why, limit, expiresAtMs, outcome: null, words: null } };
    }
    case 'budget.decided': {
      const { budget_hold_id: id, outcome, reason } = event.data;
      return run.budget?.id === id ? { ...next, budget: { ...run.budget, outcome, words: reason ?? null } } : next;
    }
    case 'tool.started':
      return change(next, event.data.call_id, (call) => (isOver(call) ? call : { ...call, stage: 'running', attempts: event.data.attempt }));
    case 'tool.delegated': {
      const { run_id: id, agent } = event.data;
      return change(next, event.data.call_id, (call) => (call.subRun?.id === id ? call : { ...call, subRun: { id, agent, outcome: null } }));
    }
    case 'tool.returned': {
      const { outcome } = event.data;
      return change(next, event.data.call_id, (call) => (call.subRun === null ? call : { ...call, subRun: { ...call.subRun, outcome } }));
    }
    case 'question.opened': {
      const { question_id: id, server, question: form, expires_at_ms: expiresAtMs } = event.data;
      return change(next, event.data.call_id, (call) =>
        call.questions.some((asked) => asked.id === id) ? call : { ...call, questions: [...call.questions, { id, server, form, expiresAtMs, outcome: null }] },
      );
    }
    case 'question.closed': {
      const { question_id: id, outcome } = event.data;
      return change(next, event.data.call_id, (call) => ({ ...call, questions: call.questions.map((asked) => (asked.id === id ? { ...asked, outcome } : asked)) }));
    }
    case 'tool.done': {
      const { summary, ms, fuel, used, result, result_bytes: resultBytes } = event.data;
      return change(next, event.data.call_id, (call) => ({ ...call, stage: 'done', summary: summary ?? null, ms, fuel, used, result, resultBytes }));
    }
    case 'tool.failed': {
      const { class: kind, message, ms, fuel, used } = event.data;
      // A call that was denied or refused ends as a failure for the model; for people it stays blocked.
      return change(next, event.data.call_id, (call) => ({
        ...call,
        stage: call.stage === 'blocked' || (call.hold !== null && call.hold.outcome !== 'approved') ? 'blocked' : 'failed',
        failure: { kind, message },
        ms,
        fuel,
        used,
      }));
    }
    case 'reply':
      return { ...next, reply: event.data.text, citations: event.data.citations, draft: '' };
    case 'run.ended':
      return { ...next, ended: { outcome: event.data.outcome, reason: event.data.reason ?? null, message: event.data.message }, draft: '' };
  }
}

/** Everything the model used so far. */
export function costOf(run: Run): { micros: number; tokens: number } {
  return run.steps.reduce((sum, step) => ({ micros: sum.micros + step.costMicros, tokens: sum.tokens + step.input + step.output }), { micros: 0, tokens: 0 });
}

/** The step that a call belongs to: calls are named by it, `call_3_0` is the first of the third. */
export function stepOfCall(id: string): number {
  return Number(id.split('_')[1] ?? 0);
}

/** What the answer cost in which the model asked for a call; none where no model did, or it is not known. */
export function askedAtCost(run: Run, call: Call): number | null {
  return run.steps.find((step) => step.step === stepOfCall(call.id))?.costMicros ?? null;
}

/** Calls that wait for people now. */
export function waitingOf(run: Run): Call[] {
  return run.ended ? [] : run.items.flatMap((item) => (item.kind === 'call' && item.call.stage === 'held' && item.call.hold?.outcome === null ? [item.call] : []));
}

/** What servers ask the person now. */
export function askedOf(run: Run): AskedQuestion[] {
  return run.ended ? [] : run.items.flatMap((item) => (item.kind === 'call' && !isOver(item.call) ? item.call.questions.filter((asked) => asked.outcome === null) : []));
}

/** What the run waits for now because a budget has no room. */
export function waitsForMoney(run: Run): Run['budget'] {
  return run.ended === null && run.budget?.outcome === null ? run.budget : null;
}

function callOf(run: Run, id: string): Call | null {
  for (const item of run.items) if (item.kind === 'call' && item.call.id === id) return item.call;
  return null;
}

function isOver(call: Call): boolean {
  return call.stage === 'done' || call.stage === 'failed';
}

function change(run: Run, id: string, how: (call: Call) => Call): Run {
  return { ...run, items: run.items.map((item) => (item.kind === 'call' && item.call.id === id ? { kind: 'call', call: how(item.call) } : item)) };
}
