import { expect, test } from '@playwright/test';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

/** What the build says of pages with these files: how it ends, and its words. */
function weigh(files: Record<string, string>): { status: number | null; said: string } {
  const folder = mkdtempSync(join(tmpdir(), 'steward-weigh-'));
  try {
    mkdirSync(join(folder, 'dist'));
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, 'dist', name)), { recursive: true });
      writeFileSync(join(folder, 'dist', name), text);
    }
    const { status, stdout, stderr } = spawnSync(process.execPath, [resolve('scripts/weigh.mjs')], { cwd: folder, encoding: 'utf8' });
    return { status, said: stdout + stderr };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const page = (...scripts: string[]) => `<!doctype html><html><head><script>inline()</script>${scripts.map((marks) => `<script ${marks}></script>`).join('')}</head></html>`;

test('a page that names more script than it may stops the build by its name', () => {
  const files = { '_next/a.js': 'x'.repeat(900_000), '_next/a.js.br': 'x'.repeat(150_000), '_next/b.js': 'x'.repeat(50_001), '_next/old.js': 'x'.repeat(900_000) };
  const [a, b, old] = ['src="/_next/a.js" async=""', 'src="/_next/b.js?v=1"', 'src="/_next/old.js" noModule=""'];
  // What is named twice comes once, and what only old browsers take does not come.
  expect(weigh({ ...files, 'chat.html': page(a, a, old), 'holds/_.html': page(b) })).toEqual({ status: 0, said: 'The page with most script: chat.html, 150.0 kB.\n' });
  const heavy = weigh({ ...files, 'chat.html': page(a, b), 'runs.html': page(a), 'holds/_.html': page(a, b, old) });
  expect(heavy.status).toBe(1);
  expect(heavy.said).toContain('chat.html names 200.0 kB of script');
  expect(heavy.said).toContain('holds/_.html names 200.0 kB of script');
  expect(heavy.said).not.toContain('runs.html');
  expect(weigh({}).status).toBe(1);
  // A script that is not there is no light one.
  expect(weigh({ 'chat.html': page('src="/_next/gone.js"') }).status).toBe(1);
});
