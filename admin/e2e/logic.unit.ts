import { expect, test } from '@playwright/test';
import { leavesOf, pointerInWords } from '../src/lib/json';
import { originsOf } from '../src/lib/provenance';
import type { RunEvent } from '../src/lib/run/event';
import { cut, fold, NEW_RUN, waitingOf, waitsForMoney } from '../src/lib/run/fold';
import { FrameReader } from '../src/lib/sse';
import { safeNext } from '../src/lib/safe-next';

test('frames arrive in any pieces', () => {
  const text = ': hello\n\nevent: reply\nid: 3\ndata: {"a":\ndata: 1}\n\nevent: run.ended\r\nid: 4\r\ndata: {}\r\n\r\n';
  for (let size = 1; size < text.length; size += 1) {
    const reader = new FrameReader();
    const frames = [];
    for (let at = 0; at < text.length; at += size) frames.push(...reader.push(text.slice(at, at + size)));
    expect(frames).toEqual([
      { event: 'reply', id: '3', data: '{"a":\n1}' },
      { event: 'run.ended', id: '4', data: '{}' },
    ]);
  }
});

const EVENTS: [RunEvent, number | null][] = [
  [{ event: 'run.started', data: { run_id: 'run_1', conversation_id: 'conv_1', agent: 'a', prompt: 'p@1', model: 'm', channel: 'chat', text: 'x' } }, 1],
  [{ event: 'model.delta', data: { text: 'Let me ' } }, null],
  [{ event: 'model.delta', data: { text: 'look.' } }, null],
  [{ event: 'model.answered', data: { step: 1, model: 'm', usage: { input: 2, cached: 0, output: 3 }, cost_micros: 5 } }, 3],
  [{ event: 'tool.proposed', data: { call_id: 'call_1_0', tool: 'crm.x', arguments: {}, provenance: null } }, 3],
  [{ event: 'tool.decided', data: { call_id: 'call_1_0', verdict: 'hold', rules: ['r'], reason: 'why', changed: [] } }, 4],
  [{ event: 'hold.opened', data: { call_id: 'call_1_0', hold_id: 'hold_1', envelope_id: 'env_1', needs: [['owner']], expires_at_ms: 1 } }, 5],
];

test('the same events again change nothing', () => {
  const once = EVENTS.reduce((run, [event, seq]) => fold(run, event, seq), NEW_RUN);
  const again = EVENTS.slice(3).reduce((run, [event, seq]) => fold(run, event, seq), once);
  expect(again).toEqual(once);
  expect(once.items.map((item) => item.kind)).toEqual(['said', 'call']);
  expect(waitingOf(once).map((call) => call.hold?.id)).toEqual(['hold_1']);
});

test('text with a hole is not shown, and is whole again with the next answer', () => {
  const started = EVENTS.slice(0, 2).reduce((run, [event, seq]) => fold(run, event, seq), NEW_RUN);
  expect(started.draft).toBe('Let me ');
  const broken = fold(cut(started), { event: 'model.delta', data: { text: 'look.' } }, null);
  expect(broken.draft).toBe('');
  const whole = fold(broken, { event: 'reply', data: { text: 'Let me look.', citations: [] } }, 6);
  expect([whole.reply, whole.draft]).toEqual(['Let me look.', '']);
});

test('a run waits for money until somebody decided, and hearing it again changes nothing', () => {
  const held: RunEvent = { event: 'budget.held', data: { budget_hold_id: 'bhold_1', step: 1, need_micros: 7, why: 'why', expires_at_ms: 9 } };
  const decided: RunEvent = { event: 'budget.decided', data: { budget_hold_id: 'bhold_1', outcome: 'approved', ceiling_micros: 9, reason: 'Yes.' } };
  const waits = fold(NEW_RUN, held, 2);
  expect(waitsForMoney(waits)?.needMicros).toBe(7);
  expect(waitsForMoney(fold(waits, { ...decided, data: { ...decided.data, budget_hold_id: 'bhold_2' } }, 3))?.id).toBe('bhold_1');
  const over = fold(fold(waits, decided, 3), held, 2);
  expect(waitsForMoney(over)).toBeNull();
  expect(over.budget?.words).toBe('Yes.');
  expect(waitsForMoney(fold(waits, { event: 'run.ended', data: { outcome: 'budget_limit', message: 'm' } }, 4))).toBeNull();
});

test('arguments become lines with their origin', () => {
  expect(leavesOf({ a: [{ 'b/c': 1 }], d: [], e: null })).toEqual([
    { path: '/a/0/b~1c', value: '1' },
    { path: '/d', value: '[]' },
    { path: '/e', value: 'null' },
  ]);
  expect(pointerInWords('/a_b/0/b~1c')).toBe('a b › 1 › b/c');
  const origins = originsOf({ leaves: [{ path: '/a', role: 'value', label: { integrity: 'outside', sources: [{ kind: 'result', tool: 'crm.x' }] } }, { path: '/b', label: { integrity: 'nonsense' } }, 7] });
  expect([...origins]).toEqual([['/a', { integrity: 'outside', role: 'value', tools: ['crm.x'] }]]);
  for (const nonsense of [null, 3, 'x', { leaves: 1 }, [[]]]) expect(originsOf(nonsense).size).toBe(0);
});

test('only own paths are gone to after signing in', () => {
  for (const bad of [null, '', '//evil.example', '/\\evil.example', 'https://evil.example', 'javascript:x', '/a b', '/\n//evil']) expect(safeNext(bad), String(bad)).toBe('/');
  for (const good of ['/holds/hold_1', '/actions?verdict=blocked&tool=crm.%2A']) expect(safeNext(good)).toBe(good);
});
