// Every language says everything: same keys, same arguments, every plural form the language has; what is used is there, what is there is used.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import compile from 'icu-minify/compile';
import format from 'icu-minify/format';
import { createTranslator } from 'use-intl/core';

const SOURCE = 'en';
const complaints = [];
const complain = (text) => complaints.push(text);

/** `{a: {b: 'x'}}` as `a.b` → `x`. */
function flat(value, prefix = '', found = new Map()) {
  for (const [key, inner] of Object.entries(value)) {
    if (typeof inner === 'string') found.set(prefix + key, inner);
    else flat(inner, `${prefix}${key}.`, found);
  }
  return found;
}

/** Arguments of a message, and the forms of each plural. Braces inside plural forms are followed. */
function parts(text) {
  const names = new Set();
  const plurals = [];
  const walk = (text) => {
    for (let at = 0; at < text.length; at += 1) {
      if (text[at] !== '{') continue;
      let depth = 0;
      let end = at;
      do {
        if (text[end] === '{') depth += 1;
        if (text[end] === '}') depth -= 1;
        end += 1;
      } while (depth > 0 && end < text.length);
      if (depth !== 0) throw new Error('braces do not match');
      const inner = text.slice(at + 1, end - 1);
      const [name, kind, ...rest] = inner.split(',');
      names.add(name.trim());
      if (kind?.trim() === 'plural' || kind?.trim() === 'select') {
        const body = rest.join(',');
        const forms = [...body.matchAll(/(=\d+|[a-z_]+)\s*\{/g)].map((match) => match[1]);
        if (kind.trim() === 'plural') plurals.push({ name: name.trim(), forms });
        for (const match of body.matchAll(/\{/g)) if (match.index !== undefined && !body.slice(0, match.index).endsWith('\\')) walk(body.slice(match.index + 1));
      }
      at = end - 1;
    }
  };
  walk(text);
  return { names: [...names].filter((name) => /^\w+$/.test(name)).sort(), plurals };
}

// Each folder has the words of a group of pages, or of what opens over a page, which come with these only.
const read = (...path) => JSON.parse(readFileSync(join('messages', ...path), 'utf8'));
const files = readdirSync('messages').filter((name) => name.endsWith('.json'));
const folders = readdirSync('messages', { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));
const trees = new Map(files.map((name) => [name.replace('.json', ''), Object.assign({}, read(name), ...folders.map((folder) => read(folder, name)))]));
const languages = new Map([...trees].map(([name, tree]) => [name, flat(tree)]));
const source = languages.get(SOURCE);
for (const name of files) {
  const groups = [read(name), ...folders.map((folder) => read(folder, name))].flatMap((tree) => Object.keys(tree));
  for (const group of new Set(groups)) if (groups.indexOf(group) !== groups.lastIndexOf(group)) complain(`${name}: \`${group}\` stands in two files`);
}

/** The marks in a message, as `code` in `<code>x</code>`; the page says what stands for each. */
function marks(text) {
  return [...new Set([...text.matchAll(/<(\w+)>/g)].map((match) => match[1]))].sort();
}

const FORMATTERS = {
  getNumberFormat: (...how) => new Intl.NumberFormat(...how),
  getDateTimeFormat: (...how) => new Intl.DateTimeFormat(...how),
  getPluralRules: (...how) => new Intl.PluralRules(...how),
};

function say(locale, key, values, marked) {
  const onError = (error) => {
    throw error;
  };
  const translator = createTranslator({ locale, messages: trees.get(locale), onError });
  const all = { ...values, ...Object.fromEntries(marked.map((name) => [name, (inner) => [inner].flat().join('')])) };
  const said = marked.length === 0 ? translator(key, values) : translator.markup(key, all);
  // Pages have it compiled.
  const compiled = [format(compile(languages.get(locale).get(key)), locale, all, { formatters: FORMATTERS })].flat().join('');
  if (compiled !== said) throw new Error(`compiled, it says \`${compiled}\` and not \`${said}\``);
}

for (const [language, messages] of languages) {
  const needed = new Intl.PluralRules(language).resolvedOptions().pluralCategories;
  for (const key of source.keys()) if (!messages.has(key)) complain(`${language}: \`${key}\` is missing`);
  for (const [key, text] of messages) {
    const original = source.get(key);
    if (original === undefined) {
      complain(`${language}: \`${key}\` is not in ${SOURCE}`);
      continue;
    }
    if (text.trim() === '') complain(`${language}: \`${key}\` says nothing`);
    try {
      const [own, theirs] = [parts(text), parts(original)];
      // What the pages do with it: a message that cannot be read fails here and not before its reader.
      const values = Object.fromEntries(own.names.map((name) => [name, own.plurals.some((plural) => plural.name === name) ? 2 : 'x']));
      say(language, key, values, marks(text));
      if (marks(text).join() !== marks(original).join()) complain(`${language}: \`${key}\` has the marks [${marks(text)}] and not [${marks(original)}]`);
      if (own.names.join() !== theirs.names.join()) complain(`${language}: \`${key}\` has the arguments [${own.names}] and not [${theirs.names}]`);
      if (own.plurals.length !== theirs.plurals.length) complain(`${language}: \`${key}\` has another number of plurals`);
      for (const plural of own.plurals) {
        for (const form of needed) if (!plural.forms.includes(form)) complain(`${language}: \`${key}\` lacks the form \`${form}\` of \`${plural.name}\``);
      }
    } catch (error) {
      complain(`${language}: \`${key}\`: ${error.message}`);
    }
  }
}

// The compiler knows that every key used is there; this is about the other way round. A key made of a variable uses its whole group.
const used = [];
for (const entry of readdirSync('src', { recursive: true, withFileTypes: true })) {
  if (entry.isFile() && /\.tsx?$/.test(entry.name)) used.push(readFileSync(join(entry.parentPath, entry.name), 'utf8'));
}
// The page for when there is no network is made by a script and reads its words by name.
used.push(readFileSync('scripts/offline.mjs', 'utf8').replaceAll(/english\.(\w+)/g, "'offline.$1'"));
const code = used.join('\n');
const groups = new Set([...code.matchAll(/[`'"]([\w.]+)\.\$\{/g)].map((match) => match[1]));
for (const key of source.keys()) {
  const name = key.split('.');
  const inGroup = name.some((_, at) => at > 0 && (groups.has(name.slice(0, at).join('.')) || groups.has(name.slice(1, at).join('.'))));
  const ends = [name.slice(-1), name.slice(1), name].map((tail) => tail.join('.'));
  if (!inGroup && !ends.some((tail) => code.includes(`'${tail}'`) || code.includes(`\`${tail}\``) || code.includes(`"${tail}"`))) complain(`\`${key}\` is used nowhere`);
}

/** Where an import of ours leads; nothing where it leads out of the source. */
function target(from, name) {
  if (!name.startsWith('@/') && !name.startsWith('.')) return null;
  const path = name.startsWith('@/') ? join('src', name.slice(2)) : join(dirname(from), name);
  return [path, `${path}.ts`, `${path}.tsx`].find((one) => existsSync(one) && statSync(one).isFile()) ?? null;
}

const sources = new Map();
/** The words that a file of source asks for, what it brings along, and the groups whose words it puts around that. */
function file(path) {
  if (!sources.has(path)) {
    const text = readFileSync(path, 'utf8');
    const names = [...text.matchAll(/^import (?!type ).*?'([^']+)';$|\bimport\('([^']+)'\)/gms)].map((match) => match[1] ?? match[2]);
    sources.set(path, {
      asked: [...text.matchAll(/\buseTranslations\('(\w+)/g)].map((match) => match[1]),
      brought: names.map((name) => target(path, name)).filter((one) => one !== null),
      groups: [...text.matchAll(/<GroupWords group="(\w+)"/g)].map((match) => match[1]),
    });
  }
  return sources.get(path);
}

// A page has the words of every page, and those of the groups that its folders and what it brings along name: what else it asks for would not be there.
const wordsIn = new Map(['.', ...folders].map((folder) => [folder, Object.keys(read(folder, `${SOURCE}.json`))]));
const missing = new Set();
function follow(path, groups, seen) {
  const { asked, brought, groups: own } = file(path);
  const all = [...new Set([...groups, ...own])].sort();
  if (seen.has(`${path} ${all}`)) return;
  seen.add(`${path} ${all}`);
  for (const name of asked) if (!['.', ...all].some((group) => wordsIn.get(group)?.includes(name))) missing.add(`${path} asks for \`${name}\`, whose words do not come with it`);
  for (const one of brought) follow(one, all, seen);
}
for (const name of readdirSync(join('src', 'app'), { recursive: true, encoding: 'utf8' })) {
  if (name.endsWith('.tsx')) follow(join('src', 'app', name), [...name.matchAll(/\((\w+)\)/g)].map((match) => match[1]).filter((group) => folders.includes(group)), new Set());
}
missing.forEach(complain);

if (complaints.length > 0) {
  console.error(complaints.join('\n'));
  console.error(`The messages have ${complaints.length} faults.`);
  process.exit(1);
}
console.log(`The messages: ${languages.size} languages, ${source.size} each.`);
