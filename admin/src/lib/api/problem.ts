import { isRecord, textOf } from '@/lib/json';

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
