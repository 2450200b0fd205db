// Every language says everything: same keys, same arguments, every plural form the language has; what is used is there, what is there is used.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
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

// `desk` has the words of the pages for records and rules, which come with those pages only.
const read = (...path) => JSON.parse(readFileSync(join('messages', ...path), 'utf8'));
const files = readdirSync('messages').filter((name) => name.endsWith('.json'));
const trees = new Map(files.map((name) => [name.replace('.json', ''), { ...read(name), ...read('desk', name) }]));
const languages = new Map([...trees].map(([name, tree]) => [name, flat(tree)]));
const source = languages.get(SOURCE);
for (const name of files) for (const group of Object.keys(read('desk', name))) if (group in read(name)) complain(`${name}: \`${group}\` stands in both files`);

/** The marks in a message, as `code` in `<code>x</code>`; the page says what stands for each. */
function marks(text) {
  return [...new Set([...text.matchAll(/<(\w+)>/g)].map((match) => match[1]))].sort();
}

function say(locale, key, values, marked) {
  const onError = (error) => {
    throw error;
  };
  const translator = createTranslator({ locale, messages: trees.get(locale), onError });
  if (marked.length === 0) translator(key, values);
  else translator.markup(key, { ...values, ...Object.fromEntries(marked.map((name) => [name, (inner) => inner])) });
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

if (complaints.length > 0) {
  console.error(complaints.join('\n'));
  console.error(`The messages have ${complaints.length} faults.`);
  process.exit(1);
}
console.log(`The messages: ${languages.size} languages, ${source.size} each.`);
