import { expect, test } from '@playwright/test';
import { brokenOf, modelsAnswer } from '../src/lib/run-failures';
import { isSigningLate } from '../src/lib/signing';

const NOW = Date.parse('2026-01-01T12:00:00Z');
const ago = (minutes: number) => ({ at: new Date(NOW - minutes * 60_000).toISOString() });

test('a log is late when an entry waits longer than signing takes, however much is written meanwhile', () => {
  const late = (entries: { at: string }[], signed?: number, page = 100) => isSigningLate(entries, page, signed === undefined ? undefined : ago(signed).at, NOW);
  expect(late([])).toBe(false);
  expect(late([ago(60)], 59)).toBe(false);
  expect(late([ago(1)])).toBe(false);
  expect(late([ago(6)])).toBe(true);
  // After an hour in which nothing happened, something did just now.
  expect(late([ago(0), ago(60)], 60)).toBe(false);
  // Somebody is always at work, and nobody signs.
  expect(late([ago(0), ago(3), ago(6), ago(70)], 60)).toBe(true);
  // A page of what came just now: what came before it waits too.
  expect(late([ago(0), ago(1)], 60, 2)).toBe(true);
  expect(late([ago(0), ago(1)], 2, 2)).toBe(false);
});

test('runs that failed are those that a fault ended, and the last that asked says whether models answer', () => {
  const run = (outcome: string | null, steps = 1) => ({ outcome, steps });
  const all = [run('cancelled'), run('failed'), run('step_limit'), run('model_failed', 0), run('budget_limit', 0), run(null)];
  expect(brokenOf(all)).toEqual([all[1], all[3]]);
  expect(modelsAnswer([])).toBeNull();
  expect(modelsAnswer([run('budget_limit', 0), run('cancelled', 0)])).toBeNull();
  expect(modelsAnswer([run('cancelled', 0), run('model_failed', 0), run('replied')])).toBe(false);
  expect(modelsAnswer([run('replied'), run('model_failed')])).toBe(true);
  // It answered at first, and not at the end.
  expect(modelsAnswer([run('model_failed', 3)])).toBe(false);
});
