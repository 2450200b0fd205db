import { expect, test } from '@playwright/test';
import { problemOf } from '../src/lib/api/problem';
import { follow } from '../src/lib/run/follow';

/** A frame as the server writes it; what is live only has no id. */
const frame = (event: string, data: object, id?: string) => `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;

/** A connection that brings this, and then breaks or ends. */
function stream(text: string, end: 'breaks' | 'ends'): Response {
  let isTold = false;
  const body = new ReadableStream<Uint8Array>({
    async pull(line) {
      if (!isTold) {
        isTold = true;
        line.enqueue(new TextEncoder().encode(text));
        return;
      }
      // What was brought is read before the line goes.
      await new Promise<void>((done) => setImmediate(done));
      if (end === 'breaks') line.error(new TypeError('the line broke'));
      else line.close();
    },
  });
  return new Response(body, { status: 200, headers: { 'content-type': 'text/event-stream' } });
}

const over = () => new Response(null, { status: 204 });
const refusal = (status: number, code: string) => Response.json({ status, code, detail: 'x', request_id: 'req_1' }, { status, headers: { 'content-type': 'application/problem+json' } });

/** Follows a run over these connections, one after the other, in as much of a page as that takes: what was asked for, and what was told. */
async function followed(connections: readonly Response[], back: 'online' | 'visibilitychange' = 'online'): Promise<{ asked: string[]; told: string[] }> {
  const [asked, told]: [string[], string[]] = [[], []];
  const left = [...connections];
  const page = new EventTarget();
  const looked = Object.assign(new EventTarget(), { hidden: false });
  const stop = new AbortController();
  const real = globalThis.fetch;
  Object.assign(globalThis, {
    window: page,
    document: looked,
    fetch: (input: unknown, init?: RequestInit): Promise<Response> => {
      asked.push(`${String(input)} ${new Headers(init?.headers).get('last-event-id')}`);
      const next = left.shift();
      if (next !== undefined) return Promise.resolve(next);
      // Asked once too often: that is in the list, and it ends here.
      stop.abort();
      return Promise.reject(new TypeError('there is no more'));
    },
  });
  const listener = {
    event(event: { event: string }, seq: number | null) {
      told.push(`${event.event} ${seq}`);
    },
    link(state: 'open' | 'lost') {
      told.push(state);
      // The network or the person is back at once, so nobody waits.
      if (state === 'lost') setImmediate(() => (back === 'online' ? page : looked).dispatchEvent(new Event(back)));
    },
    end(error: unknown) {
      told.push(error === null ? 'over' : `refused: ${problemOf(error)?.code}`);
    },
  };
  try {
    await follow('run_1/x', 0, listener, stop.signal);
  } finally {
    globalThis.fetch = real;
    for (const name of ['window', 'document']) Reflect.deleteProperty(globalThis, name);
  }
  return { asked, told };
}

const AT = '/api/v1/runs/run_1%2Fx/events';
const STARTED = frame('run.started', { agent: 'assistant' }, '1');
/** One of several events of one entry of the journal. */
const ANSWERED = frame('model.answered', { step: 1 }, '3.1');
const PIECE = frame('model.delta', { text: 'Let me ' });

test('a run whose line breaks is asked for behind the last id that was heard, and no further than that', async () => {
  // Neither a piece, which has no id, nor a frame that came in part moves the place.
  const cut = STARTED + ANSWERED + PIECE + 'id: 3\nevent: tool.proposed\ndata: {"call';
  const { asked, told } = await followed([stream(cut, 'breaks'), over()]);
  expect(asked).toEqual([`${AT} 0`, `${AT} 3.1`]);
  expect(told).toEqual(['open', 'run.started 1', 'model.answered 3', 'model.delta null', 'lost', 'over']);
});

test('a line that the server closed before the end is taken up as one that broke, as often as it takes', async () => {
  const rest = frame('tool.proposed', { call_id: 'call_1_0' }, '3') + frame('run.ended', { outcome: 'replied' }, '9');
  const { asked, told } = await followed([stream(STARTED, 'ends'), stream('', 'ends'), refusal(503, 'away'), refusal(429, 'too_many'), stream(ANSWERED, 'breaks'), stream(rest, 'breaks')]);
  expect(asked).toEqual(['0', '1', '1', '1', '1', '3.1'].map((place) => `${AT} ${place}`));
  expect(told.slice(-4)).toEqual(['open', 'tool.proposed 3', 'run.ended 9', 'over']);
  // Nothing was open where the server had no room.
  expect(told.filter((one) => one === 'open')).toHaveLength(4);
  expect(told.filter((one) => one === 'lost')).toHaveLength(5);
});

test('whoever comes back to the page does not wait for the next try', async () => {
  const { setTimeout: real } = globalThis;
  // No wait ever ends by itself.
  Object.assign(globalThis, { setTimeout: () => 0 });
  try {
    const { asked, told } = await followed([stream(STARTED, 'breaks'), refusal(503, 'away'), over()], 'visibilitychange');
    expect(asked).toEqual(['0', '1', '1'].map((place) => `${AT} ${place}`));
    expect(told).toEqual(['open', 'run.started 1', 'lost', 'lost', 'over']);
  } finally {
    Object.assign(globalThis, { setTimeout: real });
  }
});

test('a run that may not be seen is asked for once, and whoever follows it is told why', async () => {
  for (const [status, code] of [
    [403, 'denied'],
    [404, 'missing'],
    [401, 'signed_out'],
  ] as const) {
    const { asked, told } = await followed([refusal(status, code)]);
    expect(asked).toEqual([`${AT} 0`]);
    expect(told).toEqual([`refused: ${code}`]);
  }
  // Also where it could be seen before the line broke.
  const { asked, told } = await followed([stream(STARTED, 'breaks'), refusal(403, 'denied')]);
  expect(asked).toEqual([`${AT} 0`, `${AT} 1`]);
  expect(told).toEqual(['open', 'run.started 1', 'lost', 'refused: denied']);
});
