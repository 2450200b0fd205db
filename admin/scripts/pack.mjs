// Moves the export to where cargo takes it from, with a compressed form beside each text. Says how large it is.
import { cpSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';

const [from, to] = ['out', 'dist'];
/** Smaller texts gain nothing from compression. */
const COMPRESSED_BYTES_MIN = 512;
/** The most that all of it may weigh, compressed: it stands in the program. */
const PACKED_BYTES_MAX = 1_500_000;

for (const name of readdirSync(to)) if (!name.startsWith('.')) rmSync(join(to, name), { recursive: true });
cpSync(from, to, { recursive: true });

/** A message that was not compiled: pages have nothing that reads it, and would show its braces. */
const UNCOMPILED = /\{\w+, (plural|select), /;

let [files, raw, packed] = [0, 0, 0];
for (const entry of readdirSync(to, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || entry.name.startsWith('.')) continue;
  const path = join(entry.parentPath, entry.name);
  const bytes = readFileSync(path);
  if (entry.name.endsWith('.js') && UNCOMPILED.test(bytes.toString('utf8'))) {
    console.error(`${path} has messages that are not compiled: see the rules in next.config.ts.`);
    process.exit(1);
  }
  files += 1;
  raw += statSync(path).size;
  if (!/\.(html|js|css|txt|svg|json|webmanifest)$/.test(entry.name) || bytes.length < COMPRESSED_BYTES_MIN) {
    packed += bytes.length;
    continue;
  }
  const brotli = brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } });
  writeFileSync(`${path}.br`, brotli);
  packed += brotli.length;
}
const kb = (bytes) => `${Math.round(bytes / 1000)} kB`;
console.log(`The web: ${files} files, ${kb(raw)}, ${kb(packed)} compressed.`);
if (packed > PACKED_BYTES_MAX) {
  console.error(`The web weighs more than the ${kb(PACKED_BYTES_MAX)} that it may: look at what the largest files of ${to} bring along.`);
  process.exit(1);
}
