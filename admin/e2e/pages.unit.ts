import { expect, test } from '@playwright/test';
import { citesOf, partsOf, withoutMarks } from '../src/lib/citations';
import { cronOf, planOf, type Plan } from '../src/lib/cron';
import { download } from '../src/lib/download';
import { matrixOf } from '../src/lib/matrix';
import { choiceOf, differing } from '../src/lib/merge';
import { originsOf } from '../src/lib/provenance';
import { fileChanges, filesOf, statementsIn, statementsOnly } from '../src/lib/rule-files';
import { snippet } from '../src/lib/snippet';
import { spoken } from '../src/lib/spoken';
import { isSettled, roomFor } from '../src/lib/uploads';
import { rowsAmong, rowsIn, startsOf } from '../src/lib/window';

/** A document's id, made of one letter. */
const doc = (letter: string) => `doc_${letter.repeat(26)}`;

test('a cron expression of a usual form is told in words, and comes back from them', () => {
  const usual: [string, Plan][] = [
    ['*/15 * * * *', { kind: 'minutes', every: 15 }],
    ['5 * * * *', { kind: 'hourly', every: 1, minute: 5 }],
    ['0 */6 * * *', { kind: 'hourly', every: 6, minute: 0 }],
    ['5 9 * * *', { kind: 'daily', time: '09:05' }],
    ['0 9 * * MON', { kind: 'weekly', days: ['MON'], time: '09:00' }],
    ['30 17 * * MON,WED,SUN', { kind: 'weekly', days: ['MON', 'WED', 'SUN'], time: '17:30' }],
    ['0 0 31 * *', { kind: 'monthly', day: 31, time: '00:00' }],
  ];
  for (const [text, plan] of usual) {
    expect(planOf(text), text).toEqual(plan);
    expect(cronOf(plan), text).toBe(text);
  }
  expect(planOf('0 9 * * 1-5')).toEqual({ kind: 'weekly', days: ['MON', 'TUE', 'WED', 'THU', 'FRI'], time: '09:00' });
  expect(planOf('0 9 * * sat-mon')).toEqual({ kind: 'weekly', days: ['MON', 'SAT', 'SUN'], time: '09:00' });
  expect(planOf('0 9 * * 0,7')).toEqual({ kind: 'weekly', days: ['SUN'], time: '09:00' });
  expect(planOf('0 9 * * MON-SUN')).toEqual({ kind: 'daily', time: '09:00' });
  // What is of no usual form is not made into something it is not.
  for (const text of ['', '0 9', '0 9 1 * MON', '0 9 * JAN *', '0,30 9 * * *', '*/7 * * * *', '0 */5 * * *', '60 9 * * *', '0 9 32 * *', '0 9 * * XYZ', '0 9 * * MON#1', '0 9 * * * *']) expect(planOf(text), text).toEqual({ kind: 'cron', text });
  for (const plan of [{ kind: 'daily', time: '' }, { kind: 'weekly', days: [], time: '09:00' }, { kind: 'monthly', day: 32, time: '09:00' }, { kind: 'cron', text: ' ' }] satisfies Plan[]) expect(cronOf(plan)).toBeNull();
});

test('of a piece the part around the words is shown, with the words marked', () => {
  const marked = (text: string, words: string) => snippet(text, words).map(({ text: part, isHit }) => (isHit ? `[${part}]` : part)).join('');
  expect(marked('# Terms\n\nPayment in the Café,  by card.', 'cafe card')).toBe('# Terms Payment in the [Café], by [card].');
  expect(marked('Nothing.', 'else')).toBe('Nothing.');
  expect(marked('a+b', '+')).toBe('a+b');
  const long = `${'before '.repeat(60)}needle ${'after '.repeat(60)}`;
  expect(marked(long, 'NEEDLE')).toMatch(/^….*\[needle\] after .*…$/);
  expect(marked(long, 'needle').length).toBeLessThan(300);
  expect(marked('aaa aa', 'aa a')).toBe('[aa][a] [aa]');
});

test('statements are told as they stand, and nothing between them is taken for one', () => {
  const text = '// First; of all.\n@id("a")\npermit (principal, action, resource)\nwhen { context.x == "a;b\\"c // no" }; // after\n\n@id("b") forbid (principal, action, resource) // in it; still\nunless { 4 / 2 == 2 };\n// the end';
  expect(statementsIn(text)).toEqual(['@id("a")\npermit (principal, action, resource)\nwhen { context.x == "a;b\\"c // no" };', '@id("b") forbid (principal, action, resource) // in it; still\nunless { 4 / 2 == 2 };']);
  expect(statementsIn('permit (principal, action')).toEqual(['permit (principal, action']);
  expect(statementsOnly('// nothing\n')).toBe('');
});

test('sets of rules are compared file by file, with what is as before at the end', () => {
  const before = filesOf([
    { file: '1.cedar', text: 'a;' },
    { file: '1.cedar', text: 'b;' },
    { file: '2.cedar', text: 'c;' },
    { file: '3.cedar', text: 'd;' },
  ]);
  const after = [
    { name: '4.cedar', text: 'e;' },
    { name: '1.cedar', text: 'a;\n\nb;' },
    { name: '2.cedar', text: 'c2;' },
  ];
  expect(fileChanges(before, after).map(({ name, change }) => [name, change])).toEqual([
    ['2.cedar', 'changed'],
    ['3.cedar', 'gone'],
    ['4.cedar', 'new'],
    ['1.cedar', 'same'],
  ]);
});

test('cells of the matrix stand by situation, tool and column, and a hole stays a hole', () => {
  const cell = (situation: string, tool: string, column: string, verdict: string, needs: string[] = []) => ({ situation, tool, effect: 'write', column, verdict, needs });
  const found = matrixOf([cell('one', 'a', 'nobody', 'hold', ['owner']), cell('one', 'a', 'owner', 'allow'), cell('one', 'b', 'owner', 'block'), cell('two', 'a', 'nobody', 'allow')]);
  const row = (tool: string, ...cells: ([string, ...string[]] | null)[]) => ({ tool, effect: 'write', cells: cells.map((one) => (one === null ? null : { verdict: one[0], needs: one.slice(1) })) });
  expect(found).toEqual([
    { situation: 'one', columns: ['nobody', 'owner'], rows: [row('a', ['hold', 'owner'], ['allow']), row('b', null, ['block'])] },
    { situation: 'two', columns: ['nobody'], rows: [row('a', ['allow'])] },
  ]);
});

test('what is heard of an answer are its words, without the marks that lay it out', () => {
  const answer = '# Who\n\n**Ada Lovelace** works at *Analytical Engines*, see [the card](https://steward.example/c).\n\n| field | value |\n|---|---|\n| mail | ada@engines.example |\n\n- knows `engines`\n* and __looms__\n\n```rust\nlet a_b = 2 * 3;\n```';
  expect(spoken(answer)).toBe('Who\nAda Lovelace works at Analytical Engines, see the card.\nfield, value\nmail, ada@engines.example\nknows engines\nand looms\nlet a_b = 2 * 3;');
  expect(spoken('2 * 3 * 4 = 24, and snake_case_names stay; so does a | pipe')).toBe('2 * 3 * 4 = 24, and snake_case_names stay; so does a | pipe');
});

test('a value that the person’s sentence goes by says so', () => {
  const leaf = (path: string, sources: unknown[]) => ({ path, role: 'value', label: { integrity: 'anchored', readers: 'public', sources } });
  const stood = { from: 'result', call: 'call_1_0', tool: 'pages.read', path: '' };
  const origins = originsOf({ leaves: [leaf('/a', [stood]), leaf('/b', [stood, { from: 'endorsed', by: 'named_source', start: 0, end: 40 }]), leaf('/c', ['endorsed', null])] });
  expect([...origins.values()].map((origin) => origin.isEndorsed)).toEqual([false, true, false]);
  expect(origins.get('/b')?.tools).toEqual(['pages.read']);
});

test('an answer is cut at the pieces that it names, each counted once, and what only looks like a mark stays text', () => {
  const [a, b] = [doc('a'), doc('b')];
  const text = `In thirty days [[${b}#3]], by card [[${a}#1]] [[${b}#3]].`;
  expect(citesOf(text)).toEqual([
    { documentId: b, number: 3 },
    { documentId: a, number: 1 },
  ]);
  expect(partsOf(text)).toEqual(['In thirty days ', { documentId: b, number: 3 }, ', by card ', { documentId: a, number: 1 }, ' ', { documentId: b, number: 3 }, '.']);
  expect(partsOf(`[[${a}#1]]`)).toEqual([{ documentId: a, number: 1 }]);
  expect(partsOf('')).toEqual([]);
  for (const no of ['[[doc_short#1]]', `[[${a}#]]`, `[[${a}#1234567890]]`, `[[${a.toUpperCase()}#1]]`, `[${a}#1]`, `[[ ${a}#1]]`]) {
    expect(citesOf(no), no).toEqual([]);
    expect(partsOf(no), no).toEqual([no]);
  }
  expect(withoutMarks(text)).toBe('In thirty days, by card.');
});

test('of a mark that is still being written nothing is shown, however far it is', () => {
  const text = `In thirty days [[${doc('a')}#3]].`;
  for (let length = 0; length <= text.length; length += 1) {
    const shown = withoutMarks(text.slice(0, length));
    expect(text.slice(0, length).startsWith(shown) || shown === 'In thirty days.' || shown === 'In thirty days', `${length}: ${shown}`).toBe(true);
    expect(shown, String(length)).not.toMatch(/[[\]#_]/);
  }
  // A bracket that begins none is there once its next letter is.
  expect(withoutMarks('see [the list](x)')).toBe('see [the list](x)');
  expect(withoutMarks('a [b')).toBe('a [b');
});

test('two records differ where both say something else, and a choice says whose by who stays', () => {
  interface Known {
    name: string;
    job?: string | null;
    company?: { id: string; name: string };
  }
  const first: Known = { name: 'Grace Hopper', job: 'Admiral', company: { id: 'company_1', name: 'Navy' } };
  const second: Known = { name: 'G. Hopper', job: null, company: { id: 'company_2', name: 'Navy' } };
  const [name, job, company] = [{ value: (one: Known) => one.name }, { value: (one: Known) => one.job }, { value: (one: Known) => one.company?.id }];
  expect(differing(name, first, second)).toBe(true);
  // What only one says is nothing to choose, whichever of the two; companies of one name are two.
  expect(differing(job, first, second)).toBe(false);
  expect(differing(job, second, first)).toBe(false);
  expect(differing(company, first, second)).toBe(true);
  expect(differing(company, first, { ...first })).toBe(false);
  expect(choiceOf({ display_name: 0, company: 1 }, false)).toEqual({ display_name: 'kept', company: 'other' });
  expect(choiceOf({ display_name: 0, company: 1 }, true)).toEqual({ display_name: 'other', company: 'kept' });
  expect(choiceOf({}, true)).toEqual({});
});

test('of a long list the rows that are seen are kept, with a few around them', () => {
  expect(rowsIn(0, 800, 50)).toEqual({ first: 0, last: 24 });
  expect(rowsIn(5_000, 800, 50)).toEqual({ first: 92, last: 124 });
  // Half a row counts on both sides.
  expect(rowsIn(5_025, 800, 50)).toEqual({ first: 92, last: 125 });
  // A list that begins further down, and one that is not in view yet.
  expect(rowsIn(-300, 800, 50)).toEqual({ first: 0, last: 18 });
  expect(rowsIn(-5_000, 800, 50)).toEqual({ first: 0, last: 0 });
});

test('of a long list of cards those that are seen are kept, with a few around them, however tall each is', () => {
  // A hundred that are 100 tall, but each tenth, which is 600.
  const starts = startsOf(Array.from({ length: 100 }, (_, at) => (at % 10 === 9 ? 600 : 100)));
  expect(starts.slice(0, 3)).toEqual([0, 100, 200]);
  expect(starts.slice(9, 12)).toEqual([900, 1_500, 1_600]);
  expect(starts.at(-1)).toBe(15_000);
  expect(rowsAmong(starts, 0, 800)).toEqual({ first: 0, last: 17 });
  // In the middle of a tall one it is seen alone.
  expect(rowsAmong(starts, 3_950, 500)).toEqual({ first: 21, last: 38 });
  // At the very end, and past it.
  expect(rowsAmong(starts, 14_200, 800)).toEqual({ first: 89, last: 100 });
  expect(rowsAmong(starts, 50_000, 800)).toEqual({ first: 92, last: 100 });
  // A list that is not in view yet has its first few: so it is known how tall they are.
  expect(rowsAmong(starts, -5_000, 800)).toEqual({ first: 0, last: 9 });
  expect(rowsAmong(startsOf([]), 0, 800)).toEqual({ first: 0, last: 0 });
});

test('a file that is handed to the browser is there when it is read, and not for ever', async () => {
  const clicked: { href: string; download: string }[] = [];
  const link = {
    href: '',
    download: '',
    click() {
      clicked.push({ href: link.href, download: link.download });
    },
  };
  const later: (() => void)[] = [];
  const { setTimeout: real } = globalThis;
  Object.assign(globalThis, { document: { createElement: () => link }, setTimeout: (run: () => void) => later.push(run) });
  try {
    download(new Blob(['a,b\n']), 'list.csv');
  } finally {
    Object.assign(globalThis, { setTimeout: real });
    Reflect.deleteProperty(globalThis, 'document');
  }
  expect(clicked.map((one) => one.download)).toEqual(['list.csv']);
  const read = async () => (await fetch(String(clicked[0]?.href))).text();
  expect(await read()).toBe('a,b\n');
  for (const run of later) run();
  await expect(read()).rejects.toThrow();
});

test('as many files are taken as there is room for, and nothing is sent before all are in', () => {
  expect(roomFor(['a', 'b', 'c'], 0, undefined)).toEqual(['a', 'b', 'c']);
  expect(roomFor(['a', 'b', 'c'], 2, 4)).toEqual(['a', 'b']);
  expect(roomFor(['a'], 4, 4)).toEqual([]);
  expect(roomFor(['a'], 5, 4)).toEqual([]);
  expect(isSettled([])).toBe(true);
  expect(isSettled([{ document: { document_id: 'doc_1' } }, { document: null }])).toBe(false);
  expect(isSettled([{ document: { document_id: 'doc_1' } }])).toBe(true);
});
