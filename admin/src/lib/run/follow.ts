import { addressOf } from '@/lib/api/address';
import { AwayError, ProblemError, readProblem } from '@/lib/api/problem';
import { FrameReader } from '@/lib/sse';
import { readEvent, seqOf, type RunEvent } from './event';

/** What a follower hears. */
export interface Listener {
  event(event: RunEvent, seq: number | null): void;
  /** The connection is there, or is being made again. */
  link(state: 'open' | 'lost'): void;
  /** The run is over, or cannot be followed. */
  end(error: unknown): void;
}

const [FIRST_WAIT_MS, LONGEST_WAIT_MS] = [500, 8_000];
/** A server that is there writes a comment every 15 seconds; a silence of three times that is a broken line. */
const SILENCE_MS = 45_000;

/**
 * Follows a run from after event `after`, through cuts, until it ends or the signal says stop.
 * Nothing is held open while the page is hidden: a browser has few connections for one host.
 */
export async function follow(runId: string, after: number, listener: Listener, signal: AbortSignal): Promise<void> {
  let place = String(after);
  let wait = FIRST_WAIT_MS;
  while (!signal.aborted) {
    await visible(signal);
    try {
      const isOver = await once(runId, place, signal, (event, id) => {
        place = id ?? place;
        wait = FIRST_WAIT_MS;
        listener.event(event, seqOf(id));
      }, () => {
        listener.link('open');
      });
      if (isOver) {
        listener.end(null);
        return;
      }
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof ProblemError && error.problem.status < 500 && error.problem.status !== 429) {
        listener.end(error);
        return;
      }
    }
    if (signal.aborted) return;
    listener.link('lost');
    await pause(wait * (0.75 + Math.random() / 2), signal);
    wait = Math.min(wait * 2, LONGEST_WAIT_MS);
  }
}

/** One connection. Resolves to whether the run is over. */
async function once(
  runId: string,
  place: string,
  signal: AbortSignal,
  hear: (event: RunEvent, id: string | null) => void,
  opened: () => void,
): Promise<boolean> {
  const line = new AbortController();
  const stop = () => {
    line.abort();
  };
  const hide = () => {
    if (document.hidden) stop();
  };
  signal.addEventListener('abort', stop);
  window.addEventListener('offline', stop);
  document.addEventListener('visibilitychange', hide);
  let silence = setTimeout(stop, SILENCE_MS);
  try {
    const headers = { accept: 'text/event-stream', 'last-event-id': place };
    const response = await fetch(addressOf('/api/v1/runs/{id}/events', { path: { id: runId } }), { headers, credentials: 'same-origin', signal: line.signal });
    if (response.status === 204) return true;
    if (!response.ok || response.body === null) {
      const body: unknown = await response.json().catch(() => null);
      throw new ProblemError(readProblem(body, response));
    }
    opened();
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    const frames = new FrameReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return false;
      clearTimeout(silence);
      silence = setTimeout(stop, SILENCE_MS);
      for (const frame of frames.push(value)) {
        const event = readEvent(frame);
        if (event === null) continue;
        hear(event, frame.id);
        if (event.event === 'run.ended') return true;
      }
    }
  } catch (error) {
    if (error instanceof ProblemError) throw error;
    throw new AwayError({ cause: error });
  } finally {
    clearTimeout(silence);
    stop();
    signal.removeEventListener('abort', stop);
    window.removeEventListener('offline', stop);
    document.removeEventListener('visibilitychange', hide);
  }
}

/** Waits, but not longer than until the network or the person is back. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const over = () => {
      clearTimeout(timer);
      window.removeEventListener('online', over);
      document.removeEventListener('visibilitychange', seen);
      signal.removeEventListener('abort', over);
      resolve();
    };
    const seen = () => {
      if (!document.hidden) over();
    };
    const timer = setTimeout(over, ms);
    window.addEventListener('online', over);
    document.addEventListener('visibilitychange', seen);
    signal.addEventListener('abort', over);
  });
}

/** Waits until the page is seen. */
function visible(signal: AbortSignal): Promise<void> {
  if (!document.hidden) return Promise.resolve();
  return new Promise((resolve) => {
    const look = () => {
      if (document.hidden && !signal.aborted) return;
      document.removeEventListener('visibilitychange', look);
      signal.removeEventListener('abort', look);
      resolve();
    };
    document.addEventListener('visibilitychange', look);
    signal.addEventListener('abort', look);
  });
}
