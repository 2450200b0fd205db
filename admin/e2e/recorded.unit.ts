import { expect, test } from '@playwright/test';
import { createServer } from 'node:http';
import { AwayError, ProblemError } from '../src/lib/api/problem';
import { recordedEvents } from '../src/lib/run/recorded';

type Answer = { status: number; type: string; text: string } | 'breaks';

/** What is read of a run from a server that answers so. */
async function read(answer: Answer): Promise<{ asked: string; found: unknown }> {
  let asked = '';
  const server = createServer((request, response) => {
    asked = `${request.method} ${request.url} ${request.headers.accept}`;
    if (answer === 'breaks') return void request.socket.destroy();
    response.writeHead(answer.status, { 'content-type': answer.type }).end(answer.text);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const at = server.address();
  const port = at !== null && typeof at === 'object' ? at.port : 0;
  // A page asks its own house; here there is none to be at.
  const real = globalThis.fetch;
  globalThis.fetch = (input, init) => real(new URL(String(input), `http://127.0.0.1:${port}`), init);
  try {
    return { found: await recordedEvents('run_1/x').catch((error: unknown) => error), asked };
  } finally {
    globalThis.fetch = real;
    server.closeAllConnections();
    server.close();
  }
}

const stream = (text: string): Answer => ({ status: 200, type: 'text/event-stream', text });
const frame = (event: string, data: string, id?: number) => `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${data}\n\n`;

test('what is recorded of a run are its numbered events, those this version does not know as lines alone', async () => {
  const text = `: hello\n\n${frame('run.started', '{"agent":"assistant"}', 1)}${frame('model.delta', '{"text":"Hel"}')}${frame('moon.rose', '{"at":"night"}', 2)}${frame('reply', '{"text":"Hello.","citations":[]}', 3)}${frame('moon.set', 'no JSON', 3)}`;
  const { asked, found } = await read(stream(text));
  expect(asked).toBe('GET /api/v1/runs/run_1%2Fx/events?follow=false text/event-stream');
  expect(found).toMatchObject({
    isWhole: false,
    events: [{ seq: 1, event: { event: 'run.started' } }, { seq: 3, event: { event: 'reply' } }],
    lines: ['{"seq":1,"event":"run.started","data":{"agent":"assistant"}}', '{"seq":2,"event":"moon.rose","data":{"at":"night"}}', '{"seq":3,"event":"reply","data":{"text":"Hello.","citations":[]}}', '{"seq":3,"event":"moon.set","data":"no JSON"}'],
  });
});

test('a run that is over is whole, and one of which nothing is recorded is not', async () => {
  const ended = frame('run.ended', '{"outcome":"replied"}', 9);
  expect((await read(stream(frame('reply', '{"text":"x","citations":[]}', 8) + ended))).found).toMatchObject({ isWhole: true });
  expect((await read(stream(''))).found).toEqual({ lines: [], events: [], isWhole: false });
});

test('a refusal is told with its number, and a line that breaks is no refusal', async () => {
  const problem = { status: 404, code: 'missing', detail: 'there is no such run', request_id: 'req_1' };
  const refused = (await read({ status: 404, type: 'application/problem+json', text: JSON.stringify(problem) })).found;
  expect(refused).toBeInstanceOf(ProblemError);
  expect(refused).toMatchObject({ problem: { code: 'missing', requestId: 'req_1' } });
  expect((await read({ status: 502, type: 'text/html', text: '<h1>Bad gateway</h1>' })).found).toBeInstanceOf(ProblemError);
  expect((await read('breaks')).found).toBeInstanceOf(AwayError);
});
