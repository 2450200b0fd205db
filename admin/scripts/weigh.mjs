// Says how much script each exported page brings with its words, compressed, and fails where one brings more than it may. No browser is needed for it; what else comes later is weighed in one.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync } from 'node:zlib';
import { compiled } from './compile-words.mjs';

const FOLDER = 'dist';
/** The most script that a page may bring, in bytes. */
const PAGE_BYTES_MAX = 200_000;

/** The scripts that a page names. Those for browsers that know no modules are loaded by no other. */
function scriptsOf(html) {
  const marks = [...html.matchAll(/<script\b([^>]*)>/gi)].map(([, found]) => found).filter((found) => !/\bnomodule\b/i.test(found));
  return new Set(marks.flatMap((found) => /\bsrc="([^"?#]+)/.exec(found)?.[1] ?? []));
}

/** As it is sent: compressed where there is a compressed form. */
function sentBytes(script) {
  const path = join(FOLDER, script);
  return statSync(existsSync(`${path}.br`) ? `${path}.br` : path).size;
}

/** The words of a folder of messages in the language in which they are longest, compressed. */
function wordsBytes(folder) {
  const files = readdirSync(folder).filter((name) => name.endsWith('.json'));
  return Math.max(...files.map((name) => brotliCompressSync(JSON.stringify(compiled(JSON.parse(readFileSync(join(folder, name), 'utf8'))))).length));
}

// The words come after the page: which, its folder in the source says. The file of a page without scripts has none.
const base = wordsBytes('messages');
const groupBytes = new Map(
  readdirSync('messages', { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => [name, wordsBytes(join('messages', name))]),
);
const groupsOf = new Map();
for (const name of readdirSync(join('src', 'app'), { recursive: true, encoding: 'utf8' })) {
  const path = /^(.*)\bpage\.tsx$/.exec(name.replaceAll('\\', '/'))?.[1];
  if (path === undefined) continue;
  const groups = [...path.matchAll(/\((\w+)\)\//g)].map((match) => match[1]).filter((group) => groupBytes.has(group));
  groupsOf.set(`${path.replaceAll(/\(\w+\)\//g, '').replaceAll(/\[\w+\]/g, '_').replace(/\/$/, '') || 'index'}.html`, groups);
}

const pages = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.html'));
if (pages.length === 0) {
  console.error(`There is no page in ${FOLDER}.`);
  process.exit(1);
}
const weights = pages
  .map((name) => {
    const scripts = [...scriptsOf(readFileSync(join(FOLDER, name), 'utf8'))].reduce((sum, script) => sum + sentBytes(script), 0);
    const words = scripts === 0 ? 0 : (groupsOf.get(name.replaceAll('\\', '/')) ?? []).reduce((sum, group) => sum + groupBytes.get(group), base);
    return { name, bytes: scripts + words };
  })
  .sort((a, b) => b.bytes - a.bytes);
const kb = (bytes) => `${(bytes / 1000).toFixed(1)} kB`;
console.log(`The page with most script: ${weights[0].name}, ${kb(weights[0].bytes)} with its words.`);
const heavy = weights.filter(({ bytes }) => bytes > PAGE_BYTES_MAX);
for (const { name, bytes } of heavy) console.error(`${name} brings ${kb(bytes)} of script with its words, more than the ${kb(PAGE_BYTES_MAX)} that a page may.`);
if (heavy.length > 0) process.exit(1);
