import { isRecord, textOf } from './json';
import { originsOf } from './provenance';

/** Roles of arguments that say where an effect goes: a grant names those by their very values. */
const RECEIVERS = ['recipient', 'payee', 'member', 'url'];
/** A text that is content may be longer the next time, in steps of so many letters. */
const LETTERS_STEP = 100;

/** What is allowed of an argument; `none` leaves it out, and a call that has it is asked. */
export type RangeKind = 'one' | 'between' | 'letters' | 'any' | 'none';
type ValueType = 'text' | 'number' | 'other';

/** An argument as somebody says which values of it are granted. */
export interface RangeField {
  /** A JSON pointer; `*` is any place of a list. */
  path: string;
  /** What it is for, as the tool's manifest says. */
  role: string | null;
  type: ValueType;
  kind: RangeKind;
  /** One a line; what is no text as JSON. */
  values: string;
  min: string;
  max: string;
  letters: string;
}

export function isReceiver(role: string | null): boolean {
  return role !== null && RECEIVERS.includes(role);
}

/** What can be said of an argument of this kind. */
export function kindsOf({ role, type }: Pick<RangeField, 'role' | 'type'>): RangeKind[] {
  if (isReceiver(role)) return ['one', 'none'];
  const own: RangeKind[] = type === 'number' ? ['between'] : type === 'text' ? ['letters'] : [];
  // Content that is left out may be anything, which is what “anything” says.
  return role === 'content' ? ['one', ...own, 'any'] : ['one', ...own, 'any', 'none'];
}

/** The scalars of a value with their pointers, places of lists as `*`. */
function scalarsOf(value: unknown, path = '', exact = ''): { path: string; exact: string; value: unknown }[] {
  const escape = (name: string) => name.replaceAll('~', '~0').replaceAll('/', '~1');
  if (Array.isArray(value) && value.length > 0) return value.flatMap((inner, at) => scalarsOf(inner, `${path}/*`, `${exact}/${at}`));
  if (isRecord(value) && Object.keys(value).length > 0) return Object.entries(value).flatMap(([name, inner]) => scalarsOf(inner, `${path}/${escape(name)}`, `${exact}/${escape(name)}`));
  return [{ path, exact, value }];
}

function typeOf(values: unknown[]): ValueType {
  if (values.every((value) => typeof value === 'string')) return 'text';
  return values.every((value) => Number.isSafeInteger(value)) ? 'number' : 'other';
}

/** The narrowest sensible ranges around a call: its very values, content as long as it is, amounts up to what they are. */
export function fieldsOfCall(args: unknown, provenance: unknown): RangeField[] {
  const origins = originsOf(provenance);
  const groups = new Map<string, { role: string | null; values: unknown[] }>();
  for (const leaf of scalarsOf(args).filter((one) => one.path !== '')) {
    const group = groups.get(leaf.path) ?? { role: null, values: [] };
    groups.set(leaf.path, { role: group.role ?? origins.get(leaf.exact)?.role ?? null, values: [...group.values, leaf.value] });
  }
  return [...groups].map(([path, { role, values }]) => {
    const type = typeOf(values);
    const numbers = values.filter((value) => typeof value === 'number');
    const texts = values.filter((value) => typeof value === 'string');
    const longest = Math.max(0, ...texts.map((text) => [...text].length));
    const isList = values.some((value) => typeof value === 'object' && value !== null);
    // A line holds one value: a text of several lines is granted by its length, or not at all.
    const isLong = texts.some((text) => text.includes('\n'));
    const kinds = kindsOf({ role, type });
    const kind = ((): RangeKind => {
      if (isReceiver(role)) return isList ? 'none' : 'one';
      if (isList) return 'any';
      if (role === 'amount' && kinds.includes('between')) return 'between';
      return (role === 'content' || isLong) && kinds.includes('letters') ? 'letters' : 'one';
    })();
    return {
      path,
      role,
      type,
      kind,
      values: isList || isLong ? '' : [...new Set(values.map((value) => (type === 'text' ? String(value) : JSON.stringify(value))))].join('\n'),
      min: String(Math.min(0, ...numbers)),
      max: numbers.length === 0 ? '' : String(Math.max(...numbers)),
      letters: String(Math.max(1, Math.ceil(longest / LETTERS_STEP)) * LETTERS_STEP),
    };
  });
}

/** The arguments of a tool, to be filled in. */
export function fieldsOfTool(tool: { roles: Record<string, string>; arguments: unknown }): RangeField[] {
  const properties = isRecord(tool.arguments) && isRecord(tool.arguments['properties']) ? tool.arguments['properties'] : {};
  const required = isRecord(tool.arguments) && Array.isArray(tool.arguments['required']) ? tool.arguments['required'] : [];
  const pointers = Object.entries(tool.roles).map(([name, role]): [string, string | null] => [name.startsWith('/') ? name : `/${name}`, role]);
  const named = new Set(pointers.map(([path]) => path.split('/')[1]));
  const others = Object.keys(properties).filter((name) => !named.has(name));
  return [...pointers, ...others.map((name): [string, null] => [`/${name}`, null])].map(([pointer, role]) => {
    const schema = schemaAt(tool.arguments, pointer);
    const isList = typesIn(schema).includes('array');
    const path = isList ? `${pointer}/*` : pointer;
    const types = typesIn(isList ? schemaAt(schema, '/*') : schema);
    const type = types.includes('string') ? 'text' : types.includes('integer') ? 'number' : 'other';
    const isNeeded = required.includes(pointer.split('/')[1]);
    const kind: RangeKind = role === 'content' ? 'any' : isNeeded ? 'one' : 'none';
    return { path, role, type, kind, values: '', min: '0', max: '', letters: String(LETTERS_STEP) };
  });
}

function schemaAt(schema: unknown, pointer: string): unknown {
  return pointer
    .split('/')
    .slice(1)
    .reduce<unknown>((inner, part) => {
      if (!isRecord(inner)) return undefined;
      if (part === '*') return inner['items'];
      return isRecord(inner['properties']) ? inner['properties'][part] : undefined;
    }, schema);
}

function typesIn(schema: unknown): string[] {
  if (!isRecord(schema)) return [];
  const type = schema['type'];
  return Array.isArray(type) ? type.map(textOf).filter((one) => one !== null) : [textOf(type) ?? ''];
}

function integerOf(text: string): number | null {
  const number = Number(text);
  return /^-?\d+$/.test(text.trim()) && Number.isSafeInteger(number) ? number : null;
}

/** A line as a value, nothing when it is none of its type. */
function valueOf(line: string, type: ValueType): { value: unknown } | null {
  if (type === 'text') return { value: line };
  try {
    const value: unknown = JSON.parse(line);
    const isScalar = value === null || typeof value !== 'object';
    return isScalar && (type === 'other' || Number.isSafeInteger(value)) ? { value } : null;
  } catch {
    return null;
  }
}

function rangeOf({ kind, type, values, min, max, letters }: RangeField): { range: unknown } | null {
  switch (kind) {
    case 'any':
      return { range: 'any' };
    case 'letters': {
      const most = integerOf(letters);
      return most === null || most < 1 ? null : { range: { letters_max: most } };
    }
    case 'between': {
      const [least, most] = [integerOf(min), integerOf(max)];
      return least === null || most === null || least > most ? null : { range: { between: { min: least, max: most } } };
    }
    case 'one': {
      const found = values
        .split('\n')
        .filter((line) => line.trim() !== '')
        .map((line) => valueOf(line, type));
      return found.length === 0 || found.includes(null) ? null : { range: { one_of: found.map((one) => one?.value) } };
    }
    case 'none':
      return null;
  }
}

/** The ranges as the server takes them, and the arguments about which nothing usable was said. */
export function rangesFrom(fields: readonly RangeField[]): { ranges: Record<string, unknown>; wrong: string[] } {
  const said = fields.filter((field) => field.kind !== 'none').map((field) => ({ path: field.path, found: rangeOf(field) }));
  return {
    ranges: Object.fromEntries(said.flatMap(({ path, found }) => (found === null ? [] : [[path, found.range]]))),
    wrong: said.filter(({ found }) => found === null).map(({ path }) => path),
  };
}
