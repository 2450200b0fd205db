import { expect, test } from '@playwright/test';
import { fitting, type Filter } from '../src/lib/hold-filter';
import { tookOf } from '../src/lib/usage';

test('the queue is filtered by the role whose word is needed, together with the other filters', () => {
  const hold = (tool: string, effect: string, needs: string[][]) => ({ tool, effect, reason: 'Waits.', agent: 'assistant', needs });
  const pay = hold('bank.pay_out', 'money', [['owner'], ['finance', 'manager']]);
  const note = hold('crm.add_note', 'write', [['manager']]);
  const stuck = hold('crm.drop', 'destroy', []);
  const fits = (filter: Partial<Filter>) => fitting([pay, note, stuck], { show: 'held', effect: '', role: '', words: '', ...filter }, () => true);
  expect(fits({})).toEqual([pay, note, stuck]);
  expect(fits({ role: 'manager' })).toEqual([pay, note]);
  expect(fits({ role: 'finance' })).toEqual([pay]);
  expect(fits({ role: 'owner' })).toEqual([pay]);
  // Nobody of this role is asked for anything.
  expect(fits({ role: 'support' })).toEqual([]);
  expect(fits({ role: 'manager', effect: 'write' })).toEqual([note]);
  expect(fits({ role: 'finance', words: 'note' })).toEqual([]);
  // Words are looked for in what each is about, too.
  const [ada, grace] = ['Adds the contact Ada', 'Adds the contact Grace'].map((about) => ({ ...note, about }));
  if (ada === undefined || grace === undefined) throw new Error('two were made');
  expect(fitting([ada, grace, note], { show: 'held', effect: '', role: '', words: 'contact grace' }, () => true)).toEqual([grace]);
});

test('what tools took is summed, and not known of a list that was cut before them', () => {
  const item = (key: string, times: number) => ({ key, times, runs: 1, ms: 10, fuel: 100 });
  const items = [item('crm.a', 2), item('crm.b', 3), item('mail.c', 5)];
  expect(tookOf(['crm.a', 'crm.b'], { items, is_cut: false })).toEqual({ times: 5, runs: 2, ms: 20, fuel: 200 });
  expect(tookOf(['crm.never'], { items, is_cut: false })).toEqual({ times: 0, runs: 0, ms: 0, fuel: 0 });
  expect(tookOf(['crm.a', 'crm.never'], { items, is_cut: true })).toBeNull();
  expect(tookOf(['crm.a'], { items, is_cut: true })?.times).toBe(2);
});
