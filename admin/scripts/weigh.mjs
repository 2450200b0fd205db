// Says how much script each exported page names, compressed, and fails where one names more than it may. No browser is needed for it; what comes later, the words first of all, is weighed in one.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

const FOLDER = 'dist';
/** The most script that a page may name, in bytes. */
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

const pages = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.html'));
if (pages.length === 0) {
  console.error(`There is no page in ${FOLDER}.`);
  process.exit(1);
}
const weights = pages.map((name) => ({ name, bytes: [...scriptsOf(readFileSync(join(FOLDER, name), 'utf8'))].reduce((sum, script) => sum + sentBytes(script), 0) })).sort((a, b) => b.bytes - a.bytes);
const kb = (bytes) => `${(bytes / 1000).toFixed(1)} kB`;
console.log(`The page with most script: ${weights[0].name}, ${kb(weights[0].bytes)}.`);
const heavy = weights.filter(({ bytes }) => bytes > PAGE_BYTES_MAX);
for (const { name, bytes } of heavy) console.error(`${name} names ${kb(bytes)} of script, more than the ${kb(PAGE_BYTES_MAX)} that a page may.`);
if (heavy.length > 0) process.exit(1);
