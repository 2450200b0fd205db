import { addressOf } from '@/lib/api/address';
import { AwayError, ProblemError, readProblem } from '@/lib/api/problem';
import { FrameReader } from '@/lib/sse';
import { readEvent, seqOf, type RunEvent } from './event';

/** The recorded part of a run. */
export interface Recorded {
  /** Each event with its name and number, as a line of JSON. */
  lines: string[];
  /** The same as events with their numbers, as far as this version knows them. */
  events: { seq: number; event: RunEvent }[];
  /** Whether the run had ended: otherwise there will be more. */
  isWhole: boolean;
}

/** What is recorded of a run until now. The server ends the stream with the newest event there is. */
export async function recordedEvents(runId: string): Promise<Recorded> {
  try {
    const response = await fetch(addressOf('/api/v1/runs/{id}/events', { path: { id: runId }, query: { follow: false } }), { headers: { accept: 'text/event-stream' }, credentials: 'same-origin' });
    if (!response.ok) throw new ProblemError(readProblem(await response.json().catch(() => null), response));
    // Pieces of text that is being written have no number: they are not recorded.
    const frames = new FrameReader().push(await response.text()).filter((frame) => frame.id !== null);
    const known = frames.map((frame) => ({ seq: seqOf(frame.id) ?? 0, event: readEvent(frame) }));
    return {
      events: known.flatMap(({ seq, event }) => (event === null ? [] : [{ seq, event }])),
      lines: frames.map((frame) => JSON.stringify({ seq: seqOf(frame.id), event: frame.event, data: dataOf(frame.data) })),
      isWhole: frames.at(-1)?.event === 'run.ended',
    };
  } catch (error) {
    if (error instanceof ProblemError) throw error;
    throw new AwayError({ cause: error });
  }
}

function dataOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
