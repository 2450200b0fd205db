import { isRecord, textOf } from '@/lib/json';
import type { components } from './schema';

/** The words by which the server tells refusals and failures apart. */
export type ProblemCode = components['schemas']['ProblemCode'];

/** What the server says when it refuses or fails. */
export interface Problem {
  status: number;
  code: string;
  detail: string;
  requestId: string | null;
  fields: { path: string; message: string }[];
  /** What a second factor is wanted for, and what can be given. */
  stepUp: { bound: string | null; factors: string[] } | null;
  /** Seconds to wait, where the server says so. */
  retryAfter: number | null;
}

/** A refusal or failure that the server named. */
export class ProblemError extends Error {
  constructor(readonly problem: Problem) {
    super(problem.detail);
    this.name = 'ProblemError';
  }
}

/** The server could not be reached. */
export class AwayError extends Error {
  constructor(options: ErrorOptions) {
    super('away', options);
    this.name = 'AwayError';
  }
}

/** Nothing came for so long that nobody waits any more. */
export class LateError extends AwayError {
  constructor() {
    super({});
    this.name = 'LateError';
  }
}

/** Reads a problem document; of an answer that is none, the status is what is known. */
export function readProblem(body: unknown, response: Response): Problem {
  const document = isRecord(body) ? body : {};
  const errors = Array.isArray(document['errors']) ? document['errors'].filter(isRecord) : [];
  const wait = Number(response.headers.get('retry-after') ?? Number.NaN);
  return {
    status: response.status,
    code: textOf(document['code']) ?? 'unknown',
    detail: textOf(document['detail']) ?? '',
    requestId: textOf(document['request_id']) ?? response.headers.get('x-request-id'),
    fields: errors.map((error) => ({ path: textOf(error['path']) ?? '', message: textOf(error['message']) ?? '' })),
    stepUp: readStepUp(document['step_up']),
    retryAfter: Number.isFinite(wait) ? wait : null,
  };
}

function readStepUp(value: unknown): Problem['stepUp'] {
  if (!isRecord(value)) return null;
  const factors = Array.isArray(value['factors']) ? value['factors'].map(textOf).filter((one) => one !== null) : [];
  return { bound: textOf(value['for']), factors };
}

/** Of each code, whether the server's own sentence says more than the code alone. */
const SAYS_MORE: Record<ProblemCode, boolean> = {
  away: false,
  bug: false,
  busy: false,
  client_refused: true,
  conflict: true,
  cross_site: false,
  denied: true,
  identity_unknown: false,
  in_progress: false,
  invalid: true,
  limit: true,
  malformed: true,
  missing: false,
  model_not_found: true,
  not_fresh: false,
  not_proven: false,
  not_signed_in: false,
  passkey_refused: true,
  redirect_refused: false,
  refused: true,
  second_factor_missing: false,
  second_factor_required: false,
  sign_in_refused: false,
  step_up_required: false,
  too_large: true,
  too_slow: false,
  wrong_method: false,
  wrong_type: true,
};

function isCode(code: string): code is ProblemCode {
  return Object.hasOwn(SAYS_MORE, code);
}

/** The code of a problem; none of an answer that is not the server's own. */
export function codeOf({ code }: Problem): ProblemCode | null {
  return isCode(code) ? code : null;
}

/** How long to wait, where the server counted what came from here and says so. */
export function waitOf({ code, status, retryAfter }: Problem): number | null {
  return code === 'limit' || (!isCode(code) && status === 429) ? retryAfter : null;
}

/** What the server's own words say beyond the code: a sentence, and fields with what is wrong with each. */
export interface OwnWords {
  sentence: string | null;
  fields: Problem['fields'];
}

export function ownWordsOf(problem: Problem): OwnWords {
  const { detail, fields } = problem;
  const code = codeOf(problem);
  const saysMore = code === null ? problem.status < 500 : SAYS_MORE[code];
  // Of a field the sentence is made of its place and what is wrong with it; how long to wait is said already.
  const isSaid = detail === '' || waitOf(problem) !== null || fields.some((field) => field.message !== '' && detail.includes(field.message));
  return { sentence: saysMore && !isSaid ? detail : null, fields };
}

export function problemOf(error: unknown): Problem | null {
  return error instanceof ProblemError ? error.problem : null;
}

export function isSignedOut(error: unknown): boolean {
  return problemOf(error)?.status === 401;
}

/** What a second factor is wanted for, where that is what was missing. */
export function stepUpOf(error: unknown): Problem['stepUp'] {
  return problemOf(error)?.stepUp ?? null;
}

/** Whether the password has to be given again first. */
export function isNotProven(error: unknown): boolean {
  return problemOf(error)?.code === 'not_proven';
}

export function isMissing(error: unknown): boolean {
  return problemOf(error)?.status === 404;
}

export function isConflict(error: unknown): boolean {
  return problemOf(error)?.status === 409;
}
