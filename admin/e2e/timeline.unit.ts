import { expect, test } from '@playwright/test';
import { timeline } from '../src/lib/timeline';

const one = (at: string, is: string) => ({ at, is });
const notes = [one('2026-03-03T00:00:00Z', 'c'), one('2026-02-02T00:00:00Z', 'b')];
const moments = [one('2026-01-01T00:00:00Z', 'old'), one('2026-02-20T00:00:00+01:00', 'new')];

test('moments stand among what is loaded, and older ones wait for the rest', () => {
  const shown = (isWhole: boolean, items = notes) => timeline([{ items, isWhole }], moments).map(({ is }) => is);
  expect([shown(true), shown(false), shown(false, []), shown(true, [])]).toEqual([['c', 'new', 'b', 'old'], ['c', 'new', 'b'], [], ['new', 'old']]);
});

test('of two lists that are loaded in part, nothing is shown that is older than what is known of both', () => {
  const deals = [one('2026-03-02T00:00:00Z', 'deal'), one('2026-02-28T00:00:00Z', 'older deal')];
  const shown = (isWhole: boolean, items = deals) => timeline([{ items: notes, isWhole: false }, { items, isWhole }], moments).map(({ is }) => is);
  expect(shown(false)).toEqual(['c', 'deal', 'older deal']);
  expect(shown(true)).toEqual(['c', 'deal', 'older deal', 'new', 'b']);
  // Nothing of one is here yet: it may be newer than all the others.
  expect(shown(false, [])).toEqual([]);
  expect(timeline([{ items: notes, isWhole: true }, { items: deals, isWhole: true }], moments)).toHaveLength(6);
});
