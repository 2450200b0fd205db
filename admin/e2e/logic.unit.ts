import { expect, test } from '@playwright/test';
import { dollarsText, microsOf, shareOf, stateOf } from '../src/lib/budget';
import { subjectOf } from '../src/lib/change';
import { diffLines, withContext } from '../src/lib/diff';
import { argumentsOf, fieldsOf } from '../src/lib/edit-arguments';
import { fieldsOfCall, fieldsOfTool, kindsOf, rangesFrom } from '../src/lib/grant-form';
import { rangesOf } from '../src/lib/grant-ranges';
import { grantsOf, rolesOf } from '../src/lib/grants';
import { holdDifferences } from '../src/lib/hold-differences';
import { leavesOf, pointerInWords } from '../src/lib/json';
import { failuresOf, readMetrics, requestsOf } from '../src/lib/metrics';
import { majorText, minorOf } from '../src/lib/money';
import * as nepali from '../src/lib/nepali';
import { linesOf, pointsIn, wordsIn } from '../src/lib/points';
import { contextOf, originsOf, usedParts } from '../src/lib/provenance';
import { changedSet, idsIn } from '../src/lib/rule-set';
import type { RunEvent } from '../src/lib/run/event';
import { askedAtCost, cut, fold, NEW_RUN, stepOfCall, waitingOf, waitsForMoney } from '../src/lib/run/fold';
import { hasUnseen, seen } from '../src/lib/seen';
import { viewsFrom } from '../src/lib/saved-views';
import { beside, columnsOf } from '../src/lib/stages';
import { FrameReader } from '../src/lib/sse';
import { safeNext } from '../src/lib/safe-next';
import { toBytes, toText } from '../src/lib/passkey';
import { byGravity, limitsOf, partText, reachOf, signerChanged } from '../src/lib/tool-set';
import { byOf, daysOf, everyDay, periodOf } from '../src/lib/usage';

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

test('after a cut the text that is being written is begun anew', () => {
  const started = EVENTS.slice(0, 2).reduce((run, [event, seq]) => fold(run, event, seq), NEW_RUN);
  expect([started.draft, cut(started).draft]).toEqual(['Let me ', '']);
  const broken = fold(started, { event: 'model.delta', data: { text: 'Another ', begins: true } }, null);
  expect(broken.draft).toBe('Another ');
  const again = fold(cut(started), { event: 'model.delta', data: { text: 'Let me look.' } }, null);
  expect(again.draft).toBe('Let me look.');
  const whole = fold(again, { event: 'reply', data: { text: 'Let me look.', citations: [] } }, 6);
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

test('what a call took is kept, with what the answer cost that asked for it', () => {
  const used = { memory_bytes: 1_376_256, stack_bytes: 2_048, host_calls: 2, questions: 1, requests: 1, refused: 3, sent_bytes: 10, received_bytes: 20, output_bytes: 30, table_elements: 40, logs_cut: 0 };
  const done = { event: 'tool.done', data: { call_id: 'call_1_0', summary: 'one line', fuel: 7, ms: 3, used, result: { text: 'x' }, result_bytes: 12 } } satisfies RunEvent;
  const run = [...EVENTS, [done, 6] as const].reduce((now, [event, seq]) => fold(now, event, seq), NEW_RUN);
  const call = run.items.flatMap((item) => (item.kind === 'call' ? [item.call] : []))[0];
  expect(call).toMatchObject({ stage: 'done', used, fuel: 7, ms: 3, result: { text: 'x' }, resultBytes: 12 });
  expect(call === undefined ? null : askedAtCost(run, call)).toBe(5);
  expect(stepOfCall('call_3_0')).toBe(3);
  const failed: RunEvent = { event: 'tool.failed', data: { call_id: 'call_1_0', class: 'trap', message: 'm', retryable: false, fuel: 7, ms: 3, used } };
  const other = fold(EVENTS.reduce((now, [event, seq]) => fold(now, event, seq), NEW_RUN), failed, 6);
  expect(other.items.flatMap((item) => (item.kind === 'call' ? [item.call.used] : []))).toEqual([used]);
});

test('arguments become lines with their origin', () => {
  expect(leavesOf({ a: [{ 'b/c': 1 }], d: [], e: null })).toEqual([
    { path: '/a/0/b~1c', value: '1' },
    { path: '/d', value: '[]' },
    { path: '/e', value: 'null' },
  ]);
  expect(pointerInWords('/a_b/0/b~1c')).toBe('a b › 1 › b/c');
  const origins = originsOf({ leaves: [{ path: '/a', role: 'value', label: { integrity: 'outside', sources: [{ kind: 'result', tool: 'crm.x' }] } }, { path: '/b', label: { integrity: 'nonsense' } }, 7] });
  expect([...origins]).toEqual([['/a', { integrity: 'outside', role: 'value', tools: ['crm.x'], readers: null, isEndorsed: false }]]);
  for (const nonsense of [null, 3, 'x', { leaves: 1 }, [[]]]) expect(originsOf(nonsense).size).toBe(0);
});

test('what arguments say of the results they were made of is known by call, and no more than they say', () => {
  const leaf = (path: string, integrity: string, sources: unknown[], readers: unknown = 'public') => ({ path, label: { integrity, readers, sources } });
  const from = (call: string, path: string) => ({ from: 'result', call, tool: 'crm.x', path });
  const parts = usedParts([
    [leaf('/a', 'directory', [from('call_1_0', '/id')]), leaf('/b', 'outside', [from('call_1_0', '/text')], { only: ['ada'] }), leaf('/c', 'owner', [{ from: 'message', start: 0, end: 1 }])],
    // Of two sources the label is of both, and says of neither.
    { leaves: [leaf('/d', 'outside', [from('call_1_0', '/x'), from('call_2_0', '/y')]), leaf('/e', 'directory', [from('call_1_0', '/id')])], context: 'outside' },
    null,
    'nonsense',
  ]);
  expect([...parts]).toEqual([
    [
      'call_1_0',
      [
        { path: '/id', integrity: 'directory', readers: null },
        { path: '/text', integrity: 'outside', readers: ['ada'] },
      ],
    ],
  ]);
  expect([contextOf({ context: 'outside' }), contextOf([]), contextOf({ context: 'nonsense' })]).toEqual(['outside', null, null]);
});

test('lines become addresses, and one that was there keeps what it is for', () => {
  const before = [{ value: 'a@x.example', label: 'work' }, { value: 'b@x.example' }];
  expect(linesOf(before)).toBe('a@x.example\nb@x.example');
  expect(pointsIn(' a@x.example \n\nc@x.example\nc@x.example', before)).toEqual([{ value: 'a@x.example', label: 'work' }, { value: 'c@x.example' }]);
  expect(wordsIn('\n  \n')).toEqual([]);
});

test('only own paths are gone to after signing in', () => {
  for (const bad of [null, '', '//evil.example', '/\\evil.example', 'https://evil.example', 'javascript:x', '/a b', '/\n//evil']) expect(safeNext(bad), String(bad)).toBe('/');
  for (const good of ['/holds/hold_1', '/actions?verdict=blocked&tool=crm.%2A', '/oauth/authorize?scope=converse+read&client_id=https%3A%2F%2Fapp.example%2Fclient.json&state=~x:y']) expect(safeNext(good)).toBe(good);
});

test('a difference keeps what is the same, and numbers both sides', () => {
  expect(diffLines('a\nb\nc', 'a\nc\nd')).toEqual([
    { kind: 'same', text: 'a', before: 1, after: 1 },
    { kind: 'removed', text: 'b', before: 2, after: null },
    { kind: 'same', text: 'c', before: 3, after: 2 },
    { kind: 'added', text: 'd', before: null, after: 3 },
  ]);
  // Whatever two texts are, what is not added is the one and what is not removed is the other.
  const words = ['x', 'y', 'z', ''];
  for (let seed = 0; seed < 400; seed += 1) {
    const [before, after] = [seed % 20, Math.floor(seed / 20)].map((number) => Array.from({ length: number % 7 }, (_, at) => words[(number * 7 + at * at) % words.length] ?? '').join('\n'));
    const lines = diffLines(before ?? '', after ?? '');
    const side = (kind: 'added' | 'removed') => lines.filter((line) => line.kind !== kind).map((line) => line.text).join('\n');
    expect([side('added'), side('removed')]).toEqual([before, after].map((text, _, both) => (both.every((one) => one === '' || one?.endsWith('\n')) ? text?.replace(/\n$/, '') : text)));
  }
  const far = withContext(diffLines(Array.from({ length: 20 }, (_, at) => `line ${at}`).join('\n'), Array.from({ length: 20 }, (_, at) => (at === 10 ? 'other' : `line ${at}`)).join('\n')), 2);
  expect(far.map((line) => ('gap' in line ? line.gap : line.kind))).toEqual([8, 'same', 'same', 'removed', 'added', 'same', 'same', 7]);
  expect(diffLines('', 'new\n').map((line) => line.kind)).toEqual(['added']); expect(withContext(diffLines('same', 'same'))).toEqual([]);
});

test('amounts are read and written in their own minor unit', () => {
  for (const [text, currency, minor] of [
    ['12.50', 'EUR', 1250],
    ['12,5', 'EUR', 1250],
    ['12', 'EUR', 1200],
    ['1250', 'JPY', 1250],
    ['0.001', 'KWD', 1],
    ['12.345', 'EUR', null],
    ['1.5', 'JPY', null],
    ['-1', 'EUR', null],
    ['1e5', 'EUR', null],
    ['', 'EUR', null],
    ['99999999999999999', 'EUR', null],
  ] as const) {
    expect(minorOf(text, currency), `${text} ${currency}`).toBe(minor);
  }
  for (const [minor, currency, text] of [[1250, 'EUR', '12.50'], [5, 'EUR', '0.05'], [1250, 'JPY', '1250'], [1, 'KWD', '0.001']] as const) expect(majorText({ minor, currency })).toBe(text);
});

test('a budget’s bar never leaves its box, and what is set aside counts', () => {
  const budget = (cap_micros: number, spent_micros: number, reserved_micros: number) => ({ cap_micros, spent_micros, reserved_micros });
  expect(shareOf(budget(100, 50, 20))).toEqual({ spent: 50, reserved: 20 });
  expect(shareOf(budget(100, 90, 20))).toEqual({ spent: 90, reserved: 10 });
  expect(shareOf(budget(100, 150, 20))).toEqual({ spent: 100, reserved: 0 });
  expect([budget(100, 10, 0), budget(100, 60, 20), budget(100, 100, 0), budget(0, 0, 0)].map(stateOf)).toEqual(['good', 'wait', 'bad', 'bad']);
  expect(['25', '0.50', '0,000001', '1.2345678', 'x', '-1', ''].map(microsOf)).toEqual([25_000_000, 500_000, 1, null, null, null, null]);
  expect([25_000_000, 500_000, 1, 0].map(dollarsText)).toEqual(['25.00', '0.50', '0.000001', '0.00']);
  for (const micros of [0, 1, 10, 999_999, 1_000_000, 12_345_678]) expect(microsOf(dollarsText(micros))).toBe(micros);
});

test('a board has the usual columns and those that deals bring along', () => {
  expect(columnsOf(['won', 'on ice', 'new', 'on ice'])).toEqual(['new', 'qualified', 'proposal', 'negotiation', 'on ice', 'won', 'lost']);
  expect([beside(['a', 'b'], 'a', 1), beside(['a', 'b'], 'b', 1), beside(['a', 'b'], 'a', -1), beside(['a', 'b'], 'x', 1)]).toEqual(['b', null, null, null]);
});

test('roles are the same in each place, and an owner is one everywhere', () => {
  expect(rolesOf([{ role: 'manager', workspace_id: 'ws_1' }, { role: 'support', workspace_id: 'ws_1' }, { role: 'manager', workspace_id: 'ws_2' }, { role: 'support', workspace_id: 'ws_2' }])).toEqual({ roles: ['manager', 'support'], workspaces: ['ws_1', 'ws_2'] });
  expect(rolesOf([{ role: 'owner' }])).toEqual({ roles: ['owner'], workspaces: null });
  expect(rolesOf([])).toEqual({ roles: [], workspaces: null });
  expect(grantsOf({ roles: ['owner', 'finance'], workspaces: ['ws_1'] })).toEqual([{ role: 'owner' }, { role: 'finance' }]);
  expect(grantsOf({ roles: ['support'], workspaces: ['ws_1', 'ws_2'] })).toEqual([{ role: 'support', workspace_id: 'ws_1' }, { role: 'support', workspace_id: 'ws_2' }]);
});

test('counters are read from their text', () => {
  const samples = readMetrics('# HELP x y\nsteward_http_requests_total{method="GET",route="/a",status="200"} 3\nsteward_http_requests_total{method="POST",route="/b",status="503"} 2\nup 1\nnonsense\nbad{ 1\n');
  expect(requestsOf(samples)).toBe(5);
  expect(failuresOf(samples)).toEqual([{ route: 'POST /b', status: '503', count: 2 }]);
  expect(samples.map((sample) => sample.name)).toContain('up');
});

test('arguments are edited as text or as JSON, and what is none is named', () => {
  const args = { name: 'Ada', emails: ['a@b.example'], limit: 3, note: '' };
  expect(argumentsOf(fieldsOf(args))).toEqual({ arguments: args, wrong: [] });
  const fields = fieldsOf(args).map((field) => (field.name === 'limit' ? { ...field, text: '' } : field.name === 'emails' ? { ...field, text: '[' } : field));
  expect(argumentsOf(fields)).toEqual({ arguments: { name: 'Ada', note: '' }, wrong: ['emails'] });
  expect(fieldsOf('text')).toEqual([]);
});

test('ranges of a grant are read, and what is not known is shown as it stands', () => {
  expect(rangesOf({ '/b': 'any', '/a': { one_of: ['x', 2] }, '/c': { between: { min: 0, max: 9 } }, '/d': { letters_max: 5 }, '/e': { later: true } })).toEqual([
    { path: '/a', kind: 'one', values: ['x', '2'] },
    { path: '/b', kind: 'any' },
    { path: '/c', kind: 'between', min: 0, max: 9 },
    { path: '/d', kind: 'letters', max: 5 },
    { path: '/e', kind: 'other', text: '{"later":true}' },
  ]);
});

test('a grant is drafted around a call: receivers by name, amounts up to what they are, content by its length', () => {
  const leaf = (path: string, role: unknown) => ({ path, role, label: { integrity: 'outside' } });
  const provenance = { leaves: [leaf('/to/0', 'recipient'), leaf('/to/1', 'recipient'), leaf('/amount', 'amount'), leaf('/contact_id', { id: 'contact' }), leaf('/body', 'content')] };
  const fields = fieldsOfCall({ to: ['a@x.example', 'b@x.example'], amount: 40, contact_id: 'contact_1', body: 'x'.repeat(101), ticket: 4711, tags: [] }, provenance);
  expect(fields.map(({ path, role, kind }) => [path, role, kind])).toEqual([
    ['/to/*', 'recipient', 'one'],
    ['/amount', 'amount', 'between'],
    ['/contact_id', 'id:contact', 'one'],
    ['/body', 'content', 'letters'],
    // A number is no amount: a range of tickets would be wider than what was seen.
    ['/ticket', null, 'one'],
    ['/tags', null, 'any'],
  ]);
  expect(rangesFrom(fields)).toEqual({
    ranges: {
      '/to/*': { one_of: ['a@x.example', 'b@x.example'] },
      '/amount': { between: { min: 0, max: 40 } },
      '/contact_id': { one_of: ['contact_1'] },
      '/body': { letters_max: 200 },
      '/ticket': { one_of: [4711] },
      '/tags': 'any',
    },
    wrong: [],
  });
  // Where an effect goes is never left open, and an empty list of receivers is not granted at all.
  expect(kindsOf({ role: 'recipient', type: 'text' })).toEqual(['one', 'none']);
  expect(fieldsOfCall({ to: [] }, { leaves: [leaf('/to', 'recipient')] }).map(({ kind }) => kind)).toEqual(['none']);
});

test('a range that says nothing usable is named and not sent', () => {
  const field = fieldsOfCall({ n: 4 }, null)[0];
  expect(field).toBeDefined();
  if (field === undefined) return;
  const wrong = (changes: Partial<typeof field>) => rangesFrom([{ ...field, ...changes }]);
  for (const changes of [
    { values: '' },
    { values: '4\nfour' },
    { values: '4.5' },
    { kind: 'between', min: '5', max: '4' },
    { kind: 'between', min: '', max: '4' },
    { kind: 'letters', letters: '0' },
    { kind: 'letters', letters: '1e3' },
  ] as const) {
    expect(wrong(changes), JSON.stringify(changes)).toEqual({ ranges: {}, wrong: ['/n'] });
  }
  expect(wrong({ kind: 'none' })).toEqual({ ranges: {}, wrong: [] });
});

test('a tool’s arguments become fields, lists by each of their places', () => {
  const schema = { required: ['name'], properties: { name: { type: 'string' }, emails: { type: ['array', 'null'], items: { type: 'string' } }, limit: { type: 'integer' }, job: { type: 'string' }, odd: {} } };
  const fields = fieldsOfTool({ roles: { name: 'value', emails: 'value', limit: 'mode', job: 'content' }, arguments: schema });
  expect(fields.map(({ path, type, kind }) => [path, type, kind])).toEqual([
    ['/name', 'text', 'one'],
    ['/emails/*', 'text', 'none'],
    ['/limit', 'number', 'none'],
    ['/job', 'text', 'any'],
    ['/odd', 'other', 'none'],
  ]);
  expect(rangesFrom(fields).wrong).toEqual(['/name']);
});

test('rules that are tried take the place of those with the same id', () => {
  expect(idsIn('// @id("not-me")\n@id("a") @reason("says @id(\\"nor-me\\")") permit(principal, action, resource);\n@id ( "b" ) forbid(principal, action, resource);')).toEqual(['a', 'b']);
  const inForce = [
    { id: 'a', file: '10.cedar', text: 'A' },
    { id: 'b', file: '10.cedar', text: 'B' },
    { id: 'c', file: '20.cedar', text: 'C' },
  ];
  expect(changedSet(inForce, '@id("b") new', ['c'])).toEqual([
    { name: '10.cedar', text: 'A\n' },
    { name: '99-tried.cedar', text: '@id("b") new' },
  ]);
  expect(changedSet(inForce, ' ', [])).toEqual([
    { name: '10.cedar', text: 'A\n\nB\n' },
    { name: '20.cedar', text: 'C\n' },
  ]);
});

test('kept views of another time are read as far as they can be', () => {
  expect(viewsFrom(JSON.stringify([{ name: 'a', filters: { q: 'x', odd: 1 } }, { name: 2, filters: {} }, 'x', { name: 'b' }]))).toEqual([{ name: 'a', filters: { q: 'x' } }]);
  for (const text of [null, '', '{', '{}', '7']) expect(viewsFrom(text), String(text)).toEqual([]);
});

test('Nepali says times and lists in its own words', () => {
  const now = Date.UTC(2026, 0, 15, 12);
  const [minute, hour, dayMs] = [60_000, 3_600_000, 86_400_000];
  for (const [apart, words] of [
    [0, 'अहिले'],
    [-499, 'अहिले'],
    [-3 * minute, '3 मिनेट अघि'],
    [-59.6 * minute, '60 मिनेट अघि'],
    [-hour, '1 घण्टा अघि'],
    [2 * hour, '2 घण्टामा'],
    [-10 * dayMs, '1 हप्ता अघि'],
    [40 * dayMs, '1 महिनामा'],
    [-800 * dayMs, '2 वर्ष अघि'],
  ] as const) {
    expect(nepali.relative(now + apart, now), String(apart)).toBe(words);
  }
  expect([[], ['क'], ['क', 'ख'], ['क', 'ख', 'ग']].map((items) => nepali.list(items, 'disjunction'))).toEqual(['', 'क', 'क वा ख', 'क, ख वा ग']);
  expect([nepali.span(12), nepali.span(1_540), nepali.span(150_000)]).toEqual(['12 मिलिसेकेन्ड', '1.5 सेकेन्ड', '2.5 मिनेट']);
  expect(nepali.day(new Date(2026, 10, 3))).toBe('2026 नोभेम्बर 3');
});

test('bytes of passkeys survive the way there and back, in letters that an address takes', () => {
  for (let length = 0; length < 70; length += 1) {
    const bytes = Uint8Array.from({ length }, (_, at) => (at * 37 + length * 251) % 256);
    const text = toText(bytes.buffer);
    expect(text).toMatch(/^[\w-]*$/);
    expect([...toBytes(text)]).toEqual([...bytes]);
  }
  expect(toText(Uint8Array.from([0xfb, 0xff, 0xfe]).buffer)).toBe('-__-');
});

test('what is no period is the usual one, and days are those of the server', () => {
  for (const text of ['', 'year', '8', 'DAY']) expect([byOf(text), periodOf(text)]).toEqual(['day', '30']);
  expect([byOf('tool'), periodOf('7')]).toEqual(['tool', '7']);
  const late = Date.parse('2026-03-01T23:59:59Z');
  expect(daysOf(late, 1)).toEqual({ from: '2026-03-01', to: '2026-03-02' });
  expect(daysOf(late + 1_000, 7)).toEqual({ from: '2026-02-24', to: '2026-03-03' });
  const days = everyDay([{ key: '2026-02-28', cost: 3 }], '2026-02-27', '2026-03-02');
  expect(days.map(({ day, item }) => [day, item?.cost ?? null])).toEqual([['2026-02-27', null], ['2026-02-28', 3], ['2026-03-01', null]]);
});

test('what nobody would see in a text from outside is marked, and what lays it out is not', () => {
  expect(seen('Finds\tfiles.\nAll.')).toBe('Finds\tfiles.\nAll.');
  expect(seen('a\u200bb\u202ec\u00add')).toBe('a⟨U+200B⟩b⟨U+202E⟩c⟨U+00AD⟩d');
  // Tags, which spell whole sentences, a filler, a selector, a letter of nobody's, half a pair.
  expect(seen('\u{E0041}\u3164\uFE0F\uE000\uD800')).toBe('⟨U+E0041⟩⟨U+3164⟩⟨U+FE0F⟩⟨U+E000⟩⟨U+D800⟩');
  expect([hasUnseen('काम، نص, ñ, 文'), hasUnseen('x\u2066')]).toEqual([false, true]);
});

test('of changed tools the gravest comes first, and of a plugin it is said what grew', () => {
  const tool = (name: string, effect: string, reversible: boolean, change: string) => ({ name, effect, reversible, change, parts: [] });
  const order = byGravity([tool('a', 'read', true, 'new'), tool('b', 'send', true, 'gone'), tool('c', 'send', false, 'changed'), tool('d', 'unheard-of', true, 'new'), tool('e', 'send', true, 'new'), tool('f', 'admin', true, 'new')]);
  expect(order.map((one) => one.name)).toEqual(['d', 'f', 'c', 'e', 'b', 'a']);
  const before = { version: '1', language: 'rust', digest: 'x', signed_by: 'key', imports: ['crm', 'clock'], memory_mb: 16, fuel: 10, deadline_ms: 100, output_kb: 1 };
  const after = { ...before, signed_by: null, imports: ['crm', 'crm-write'], memory_mb: 32, fuel: 5 };
  const report = { place: 'p', plugin_before: before, plugin_after: after, tools: [] };
  expect(reachOf(report)).toEqual({ added: ['crm-write'], removed: ['clock'], kept: ['crm'] });
  expect(limitsOf(report).map((one) => one.change)).toEqual(['more', 'less', 'same', 'same']);
  expect([signerChanged(before, after), signerChanged(before, { ...before }), signerChanged(null, after)]).toEqual([true, false, false]);
  expect(reachOf({ ...report, plugin_before: null }).added).toEqual(['crm', 'crm-write']);
  const definition = (input: Record<string, unknown>) => ({ name: 'n', digest: 'd', description: 'x', arguments: input });
  const [one, other] = [definition({ type: 'object', properties: { a: {}, b: [{ d: 1, c: 2 }] } }), definition({ properties: { b: [{ c: 2, d: 1 }], a: {} }, type: 'object' })];
  expect(partText(one, 'arguments')).toBe(partText(other, 'arguments'));
  expect(partText(one, 'arguments')).not.toBe(partText(definition({ type: 'object', properties: { a: {}, b: [{ d: 1 }, { c: 2 }] } }), 'arguments'));
  const rule = { scheme: 'https', host: 'api.example.com', port: 443, methods: ['GET', 'POST'], paths: ['/v1/*'], header: 'Authorization', secrets: ['token'] };
  const asks = (host: string) => ({ ...before, imports: ['http'], egress: [{ ...rule, host }] });
  const said = (host: string) => `GET, POST https://${host}:443 /v1/* Authorization: {{token}}`;
  const reached = reachOf({ ...report, plugin_before: asks('api.example.com'), plugin_after: asks('evil.example') });
  expect(reached).toEqual({ added: [said('evil.example')], removed: [said('api.example.com')], kept: ['http'] });
  expect(limitsOf({ ...report, plugin_before: null }).every((one) => one.change === 'new' && one.before === null)).toBe(true);
});

test('a change is known by its kind and subject, also one of a kind that is not known', () => {
  const of = (kind: string, subject: string) => subjectOf({ kind, subject });
  expect(of('tool', 'plugin:files')).toEqual({ kind: 'plugin', name: 'files' });
  expect(of('tool', 'files')).toEqual({ kind: 'server', name: 'files' });
  expect(of('prompt_label', 'assistant@production')).toEqual({ kind: 'label', name: 'assistant@production' });
  expect(of('grant', 'crm.add_note@assistant')).toEqual({ kind: 'grant', name: 'crm.add_note' });
  expect(of('policy', 'rules').kind).toBe('rules');
  expect(of('budget', 'x')).toEqual({ kind: 'other', name: 'budget x' });
});

test('a card that changed says which values, origins and deciders are others, and nothing of what is the same', () => {
  const leaf = (path: string, integrity: string) => ({ path, label: { integrity } });
  const shown = {
    tool: 'crm.create_contact', effect: 'write', agent: 'assistant', reason: 'Why.', person_id: 'person_1', people: 1, needs: [['owner']], rules: ['r1'],
    arguments: { name: 'Ada', emails: ['a@x.example'], job: 'Analyst' }, provenance: { leaves: [leaf('/name', 'owner'), leaf('/emails/0', 'directory')] },
  };
  expect(holdDifferences(shown, shown)).toEqual({ values: [], origins: [], parts: [] });
  const now = { ...shown, people: 2, rules: ['r1', 'r2'], arguments: { name: 'Ada', emails: ['b@x.example', 'c@x.example'] }, provenance: { leaves: [leaf('/name', 'outside'), leaf('/emails/0', 'outside')] } };
  expect(holdDifferences(shown, now)).toEqual({
    values: [
      { path: '/emails/0', before: 'a@x.example', now: 'b@x.example' },
      { path: '/emails/1', before: null, now: 'c@x.example' },
      { path: '/job', before: 'Analyst', now: null },
    ],
    origins: [{ path: '/name', before: 'owner', now: 'outside' }],
    parts: ['needs', 'rules'],
  });
});
