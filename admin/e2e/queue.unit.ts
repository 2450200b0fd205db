import { expect, test } from '@playwright/test';
import { isNarrow, lookAgainMs, queryOf, type Filter } from '../src/lib/hold-filter';
import { tookOf } from '../src/lib/usage';

test('the queue asks the server for what its filters say, and for no more', () => {
  const none: Filter = { show: 'held', effect: '', role: '', words: '' };
  const said = (filter: Partial<Filter>) => Object.fromEntries(Object.entries(queryOf({ ...none, ...filter })).filter(([, value]) => value !== undefined));
  expect(said({})).toEqual({ state: 'held' });
  expect(said({ show: 'all' })).toEqual({});
  // What one can decide is what waits.
  expect(said({ show: 'mine' })).toEqual({ state: 'held', mine: true });
  expect(said({ show: 'all', effect: 'money', role: 'finance', words: '  pay out ' })).toEqual({ effect: 'money', role: 'finance', q: 'pay out' });
  expect(said({ words: '  ' })).toEqual({ state: 'held' });
  const narrow = (filter: Partial<Filter>) => isNarrow({ ...none, ...filter });
  expect([narrow({}), narrow({ show: 'all' }), narrow({ words: ' ' })]).toEqual([false, false, false]);
  expect([narrow({ show: 'mine' }), narrow({ effect: 'read' }), narrow({ role: 'owner' }), narrow({ words: 'x' })]).toEqual([true, true, true, true]);
});

test('a long queue is looked at less often, since all of it is read anew each time', () => {
  expect([0, 1, 5].map(lookAgainMs)).toEqual([10_000, 10_000, 10_000]);
  // Of ten thousand actions there are two hundred pages.
  expect(lookAgainMs(200)).toBe(400_000);
});

test('what tools took is summed, and not known of a list that was cut before them', () => {
  const item = (key: string, times: number) => ({ key, times, runs: 1, ms: 10, fuel: 100 });
  const items = [item('crm.a', 2), item('crm.b', 3), item('mail.c', 5)];
  expect(tookOf(['crm.a', 'crm.b'], { items, is_cut: false })).toEqual({ times: 5, runs: 2, ms: 20, fuel: 200 });
  expect(tookOf(['crm.never'], { items, is_cut: false })).toEqual({ times: 0, runs: 0, ms: 0, fuel: 0 });
  expect(tookOf(['crm.a', 'crm.never'], { items, is_cut: true })).toBeNull();
  expect(tookOf(['crm.a'], { items, is_cut: true })?.times).toBe(2);
});
