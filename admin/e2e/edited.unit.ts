import { expect, test } from '@playwright/test';
import { originsKept, originsOf } from '../src/lib/provenance';
import type { RunEvent } from '../src/lib/run/event';
import { fold, NEW_RUN } from '../src/lib/run/fold';

const leaf = (path: string, integrity: string) => ({ path, role: 'value', label: { integrity, sources: [] } });
const PROVENANCE = { context: 'outside', leaves: [leaf('/name', 'owner'), leaf('/emails/0', 'outside'), leaf('/emails/1', 'outside'), leaf('/job', 'outside')] };
const BEFORE = { name: 'Ada', emails: ['a@x.example', 'b@x.example'], job: 'Analyst' };
const AFTER = { name: 'Ada', emails: ['mine@x.example', 'b@x.example'], note: 'new' };

test('of an edited call only what nobody touched still says where it came from', () => {
  const events: [RunEvent, number][] = [
    [{ event: 'tool.proposed', data: { call_id: 'call_1_0', tool: 'crm.create_contact', arguments: BEFORE, provenance: PROVENANCE } }, 3],
    [{ event: 'hold.opened', data: { call_id: 'call_1_0', hold_id: 'hold_1', envelope_id: 'env_1', needs: [['owner']], expires_at_ms: 1 } }, 5],
    [{ event: 'hold.closed', data: { call_id: 'call_1_0', hold_id: 'hold_1', outcome: 'edited' } }, 6],
    [{ event: 'hold.edited', data: { call_id: 'call_1_0', hold_id: 'hold_1', next_hold_id: 'hold_2', by: 'person_1', arguments: AFTER } }, 7],
  ];
  const run = events.reduce((now, [event, seq]) => fold(now, event, seq), NEW_RUN);
  const call = run.items.flatMap((item) => (item.kind === 'call' ? [item.call] : []))[0];
  expect(call?.arguments).toEqual(AFTER);
  expect([...originsOf(call?.provenance)].map(([path, origin]) => [path, origin.integrity])).toEqual([
    ['/name', 'owner'],
    ['/emails/1', 'outside'],
  ]);
});

test('origins in any shape lose what was edited, and what is none stays none', () => {
  expect(originsKept(PROVENANCE.leaves, BEFORE, BEFORE)).toEqual(PROVENANCE.leaves);
  expect(originsKept(PROVENANCE, BEFORE, {})).toEqual({ context: 'outside', leaves: [] });
  for (const nonsense of [null, 7, 'x', undefined]) expect(originsKept(nonsense, BEFORE, AFTER)).toEqual(nonsense);
});
