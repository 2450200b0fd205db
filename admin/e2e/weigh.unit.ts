import { expect, test } from '@playwright/test';
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

/** Words of about so many bytes, compressed. */
const words = (bytes: number) => JSON.stringify({ words: randomBytes(bytes).toString('base64') });

/** Where pages stand, and their words. */
const SOURCE = {
  'dist/.keep': '',
  'messages/en.json': words(100),
  'messages/ne.json': words(10_000),
  'messages/rules/en.json': words(50_000),
  'messages/rules/ne.json': words(100),
  'src/app/page.tsx': '',
  'src/app/(inside)/chat/page.tsx': '',
  'src/app/(inside)/holds/[id]/page.tsx': '',
  'src/app/(inside)/(rules)/changes/[id]/page.tsx': '',
};

/** What the build says of pages with these files: how it ends, and its words. */
function weigh(files: Record<string, string>): { status: number | null; said: string } {
  const folder = mkdtempSync(join(tmpdir(), 'steward-weigh-'));
  try {
    for (const [name, text] of [...Object.entries(SOURCE), ...Object.entries(files).map(([name, text]) => [`dist/${name}`, text] as const)]) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
    const { status, stdout, stderr } = spawnSync(process.execPath, [resolve('scripts/weigh.mjs')], { cwd: folder, encoding: 'utf8' });
    return { status, said: stdout + stderr };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const page = (...scripts: string[]) => `<!doctype html><html><head><script>inline()</script>${scripts.map((marks) => `<script ${marks}></script>`).join('')}</head></html>`;

test('a page that brings more script than it may, with its words, stops the build by its name', () => {
  const files = { '_next/a.js': 'x'.repeat(900_000), '_next/a.js.br': 'x'.repeat(150_000), '_next/b.js': 'x'.repeat(50_001), '_next/old.js': 'x'.repeat(900_000) };
  const [a, b, old] = ['src="/_next/a.js" async=""', 'src="/_next/b.js?v=1"', 'src="/_next/old.js" noModule=""'];
  // What is named twice comes once, and what only old browsers take does not come; the words come in the longest language.
  const light = weigh({ ...files, 'chat.html': page(a, a, old), 'holds/_.html': page(b) });
  expect(light.said).toMatch(/^The page with most script: chat\.html, 1(59|6[0-2])\.\d kB with its words\.\n$/);
  expect(light.status).toBe(0);
  const heavy = weigh({ ...files, 'chat.html': page(a, b), 'runs.html': page(a), 'holds/_.html': page(a, b, old) });
  expect(heavy.status).toBe(1);
  expect(heavy.said).toContain('chat.html brings 21');
  expect(heavy.said).toContain('holds/_.html brings 21');
  expect(heavy.said).not.toContain('runs.html');
  // The words of a group come with its pages, and with no others.
  const ofGroup = weigh({ ...files, 'chat.html': page(a), 'changes/_.html': page(a) });
  expect(ofGroup.status).toBe(1);
  expect(ofGroup.said).toContain('changes/_.html brings 21');
  expect(ofGroup.said).not.toContain('chat.html brings');
  expect(weigh({}).status).toBe(1);
  // A script that is not there is no light one.
  expect(weigh({ 'chat.html': page('src="/_next/gone.js"') }).status).toBe(1);
});
