import { expect, test } from '@playwright/test';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

type Tree = { [key: string]: string | Tree };
type Edit = [file: string, key: string, change: (text: string) => string | undefined];

/** Changes one message of a language; nothing in its place takes it away. */
function edit(folder: string, [file, key, change]: Edit): void {
  const path = join(folder, 'messages', file);
  const tree: Tree = JSON.parse(readFileSync(path, 'utf8'));
  const names = key.split('.');
  const last = names.pop() ?? '';
  let group = tree;
  for (const name of names) {
    const inner = group[name];
    if (typeof inner !== 'object') throw new Error(`${file} has no ${key}`);
    group = inner;
  }
  const before = group[last] ?? '';
  const after = typeof before === 'string' ? change(before) : undefined;
  expect(after, `${file} ${key}`).not.toBe(before);
  if (after === undefined) delete group[last];
  else group[last] = after;
  writeFileSync(path, JSON.stringify(tree));
}

/** What the build says of the messages with these changes: how it ends, and its words. */
function build(edits: Edit[] = [], change: (folder: string) => void = () => undefined): { status: number | null; said: string } {
  const folder = mkdtempSync(join(tmpdir(), 'steward-messages-'));
  try {
    cpSync('messages', join(folder, 'messages'), { recursive: true });
    for (const name of ['src', 'scripts']) symlinkSync(resolve(name), join(folder, name));
    for (const one of edits) edit(folder, one);
    change(folder);
    const { status, stdout, stderr } = spawnSync(process.execPath, [resolve('scripts/messages.mjs')], { cwd: folder, encoding: 'utf8' });
    return { status, said: stdout + stderr };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Has a page ask for words that come with other pages only. */
function moved(folder: string): void {
  cpSync('src', join(folder, 'own'), { recursive: true });
  rmSync(join(folder, 'src'));
  renameSync(join(folder, 'own'), join(folder, 'src'));
  renameSync(join(folder, 'src/app/(inside)/(watch)/audit'), join(folder, 'src/app/(inside)/(rules)/audit'));
}

const gone = () => undefined;

test('the messages as they are fail nothing, and every build and check looks at them', () => {
  expect(build()).toMatchObject({ status: 0, said: expect.stringContaining('4 languages') });
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8'));
  for (const way of [scripts.build, scripts.check]) expect(way).toContain('npm run -s messages && ');
});

const FAULTS: [fault: string, edits: Edit[], said: string][] = [
  ['a missing key', [['ne.json', 'common.loading', gone]], 'ne: `common.loading` is missing'],
  ['a key that only a translation has', [['en.json', 'common.loading', gone]], 'es: `common.loading` is not in en'],
  ['a missing key of a group of pages', [['house/ar.json', 'people.invite', gone]], 'ar: `people.invite` is missing'],
  ['a message that says nothing', [['es.json', 'common.loading', () => ' ']], 'es: `common.loading` says nothing'],
  ['a missing argument', [['house/es.json', 'settings.models.usage', (text) => text.replace('{name}', '')]], 'es: `settings.models.usage` has the arguments [] and not [name]'],
  ['an argument by another name', [['house/ne.json', 'settings.models.usage', (text) => text.replace('{name}', '{nom}')]], 'ne: `settings.models.usage` has the arguments [nom] and not [name]'],
  ['a missing plural form', [['watch/ar.json', 'runs.tokens', (text) => text.replace(/few \{[^}]*\} /, '')]], 'ar: `runs.tokens` lacks the form `few` of `count`'],
  ['a form that only another language has', [['watch/es.json', 'runs.tokens', (text) => text.replace(/many \{[^}]*\} /, '')]], 'es: `runs.tokens` lacks the form `many` of `count`'],
  ['a missing mark', [['house/ar.json', 'settings.models.hint', (text) => text.replaceAll(/<\/?code>/g, '')]], 'ar: `settings.models.hint` has the marks [] and not [code]'],
  ['braces that do not close', [['watch/es.json', 'runs.tokens', (text) => text.slice(0, -1)]], 'es: `runs.tokens`: '],
  ['a key that is used nowhere', ['en', 'es', 'ar', 'ne'].map((language): Edit => [`${language}.json`, 'common.neverSaid', () => 'x']), '`common.neverSaid` is used nowhere'],
];

test('a missing key, argument, mark or plural form fails the build, and is named', () => {
  for (const [fault, edits, said] of FAULTS) {
    const found = build(edits);
    expect(found.said, fault).toContain(said);
    expect(found.status, fault).toBe(1);
  }
});

test('a page that asks for words which do not come with it fails the build, and so do words that stand in two files', () => {
  const found = build([], moved);
  expect(found.said).toContain('src/features/audit/audit-view.tsx asks for `audit`, whose words do not come with it');
  expect(found.status).toBe(1);
  const twice = build(['en', 'es', 'ar', 'ne'].map((language): Edit => [`house/${language}.json`, 'common', () => 'x']));
  expect(twice.said).toContain('en.json: `common` stands in two files');
  expect(twice.status).toBe(1);
});
