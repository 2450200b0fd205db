import type { Schemas } from '@/lib/api/client';
import { isRecord } from '@/lib/json';
import type { Frame } from '@/lib/sse';

/** What happens in a run; the type comes from the server. */
export type RunEvent = Schemas['RunEvent'];

/** Every event's name: the compiler refuses one that is missing or too many. */
const NAMES: Record<RunEvent['event'], true> = {
  'run.started': true,
  'run.forked': true,
  'run.given': true,
  'model.delta': true,
  'model.answered': true,
  'tool.proposed': true,
  'tool.decided': true,
  'hold.opened': true,
  'hold.closed': true,
  'hold.edited': true,
  'hold.escalated': true,
  'budget.held': true,
  'budget.decided': true,
  'tool.started': true,
  'tool.delegated': true,
  'tool.returned': true,
  'question.opened': true,
  'question.closed': true,
  'tool.done': true,
  'tool.failed': true,
  reply: true,
  'run.ended': true,
};

/** The server's word is taken for the fields of an event whose name is known. */
function isRunEvent(value: { event: string; data: unknown }): value is RunEvent {
  return value.event in NAMES && isRecord(value.data);
}

/** The event of a frame; none for one that this version does not know. */
export function readEvent(frame: Frame): RunEvent | null {
  try {
    const data: unknown = JSON.parse(frame.data);
    const value = { event: frame.event, data };
    return isRunEvent(value) ? value : null;
  } catch {
    return null;
  }
}

/** The number of the journal's event in the id of a frame: `7`, or `7.2` where more is told of it. */
export function seqOf(id: string | null): number | null {
  return id === null ? null : Number.parseInt(id, 10);
}
