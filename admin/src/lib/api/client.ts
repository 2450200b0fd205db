import createClient from 'openapi-fetch';
import type { components, paths } from './schema';
import { AwayError, LateError, ProblemError, readProblem } from './problem';

export type Schemas = components['schemas'];

/** How long the beginning of an answer is waited for: longer than the server works on anything, and no longer than somebody may watch nothing happen. */
const ANSWER_MS = 90_000;

/** Asks, and gives up on a network that brings nothing and ends nothing. What was asked may have happened all the same: its key makes a second try the same wish. */
function ask(request: Request): Promise<Response> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(new LateError()), ANSWER_MS);
  return fetch(request, { signal: late.signal }).finally(() => clearTimeout(timer));
}

/** The server that these pages came from. The session is in a cookie that scripts cannot read. */
export const api = createClient<paths>({ baseUrl: '', credentials: 'same-origin', fetch: ask });

type Called<T> = { data?: T; error?: unknown; response: Response };

/** A key that makes a repeated POST one: the same wish, sent twice, happens once. */
export function idempotencyKey(): string {
  return crypto.randomUUID();
}

async function settle<T>(call: Promise<Called<T>>): Promise<Called<T>> {
  try {
    return await call;
  } catch (cause) {
    if (cause instanceof LateError || (cause instanceof DOMException && cause.name === 'AbortError')) throw cause;
    throw new AwayError({ cause });
  }
}

/** The answer of a call, or an error that says what the server said. */
export async function answer<T>(call: Promise<Called<T>>): Promise<T> {
  const { data, error, response } = await settle(call);
  if (!response.ok || data === undefined) throw new ProblemError(readProblem(error, response));
  return data;
}

function isNoFile<T>(data: T): data is Exclude<T, string> {
  return typeof data !== 'string';
}

/** A page of a list that the same address also gives out as a file, but only to whoever asks for one. */
export async function answerPage<T>(call: Promise<Called<T>>): Promise<Exclude<T, string>> {
  const data = await answer(call);
  if (!isNoFile(data)) throw new TypeError('a page was asked for, and a file came');
  return data;
}

/** For calls that answer nothing. */
export async function done(call: Promise<Called<unknown>>): Promise<void> {
  const { error, response } = await settle(call);
  if (!response.ok) throw new ProblemError(readProblem(error, response));
}
