import { expect, test } from '@playwright/test';
import { readFileSync } from 'node:fs';
import { codeOf, ownWordsOf, readProblem, waitOf } from '../src/lib/api/problem';
import { LOCALES } from '../src/lib/locales';

const read = (path: string) => JSON.parse(readFileSync(path, 'utf8'));
const problem = (status: number, body: object | null, wait?: number) => readProblem(body, new Response(null, { status, headers: wait === undefined ? {} : { 'retry-after': String(wait) } }));

test('each code of the server has a sentence in each language, and there is none of a code that the server does not say', () => {
  const codes: string[] = read('../api/openapi.json').components.schemas.ProblemCode.enum;
  expect(codes.length).toBeGreaterThan(20);
  const english: Record<string, string> = read('messages/en.json').problem.code;
  for (const language of Object.keys(LOCALES)) {
    const own: Record<string, string> = read(`messages/${language}.json`).problem.code;
    expect(Object.keys(own).sort(), language).toEqual(codes.toSorted());
    if (language !== 'en') expect(codes.filter((code) => own[code] === english[code]), language).toEqual([]);
  }
  for (const code of codes) expect(codeOf(problem(400, { code }))).toBe(code);
  expect(codeOf(problem(400, { code: 'toString' }))).toBeNull();
});

test('the server’s own words stand below where they say more than the code, each field with its place', () => {
  const [place, broken] = [{ path: '/name', message: 'give 1 to 200 letters' }, [{ path: '/files', message: 'a.cedar, line 3: unexpected `}`' }]];
  for (const [said, sentence, fields] of [
    [problem(403, { code: 'denied', detail: 'only owners do that' }), 'only owners do that', []],
    [problem(403, { code: 'not_proven', detail: 'this needs your password again' }), null, []],
    // What is said of one field says it all.
    [problem(422, { code: 'invalid', detail: '`/name`: give 1 to 200 letters', errors: [place] }), null, [place]],
    [problem(422, { code: 'invalid', detail: 'the rules are broken in 1 place(s)', errors: broken }), 'the rules are broken in 1 place(s)', broken],
    [problem(429, { code: 'limit', detail: 'too many failed sign-ins' }, 30), null, []],
    [problem(429, { code: 'limit', detail: 'at most 32 files' }), 'at most 32 files', []],
    [problem(500, { code: 'bug', detail: 'something of ours failed' }), null, []],
    // Something that stands before the server may refuse in words of its own, and fail in a page of its own.
    [problem(418, { code: 'teapot', detail: 'no coffee' }), 'no coffee', []],
    [problem(502, { detail: 'bad gateway' }), null, []],
    [problem(403, null), null, []],
  ] as const) {
    expect(ownWordsOf(said), said.code).toEqual({ sentence, fields });
  }
});

test('how long to wait is said of what was counted, and of nothing else', () => {
  expect(waitOf(problem(429, { code: 'limit' }, 30))).toBe(30);
  expect(waitOf(problem(429, { code: 'limit' }))).toBeNull();
  expect(waitOf(problem(429, null, 5))).toBe(5);
  expect(waitOf(problem(409, { code: 'in_progress' }, 1))).toBeNull();
  expect(waitOf(problem(503, { code: 'away' }, 2))).toBeNull();
});
