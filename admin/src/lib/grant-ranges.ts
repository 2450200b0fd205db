import { isRecord } from './json';

/** Which values of an argument a grant takes. What this version does not know is shown as it stands. */
export type Range = { path: string } & ({ kind: 'any' } | { kind: 'one'; values: string[] } | { kind: 'between'; min: number; max: number } | { kind: 'letters'; max: number } | { kind: 'other'; text: string });

/** The ranges of a grant, in the order of their arguments. */
export function rangesOf(ranges: unknown): Range[] {
  if (!isRecord(ranges)) return [];
  return Object.entries(ranges)
    .map(([path, range]) => rangeOf(path, range))
    .sort((a, b) => a.path.localeCompare(b.path));
}

function rangeOf(path: string, range: unknown): Range {
  if (range === 'any') return { path, kind: 'any' };
  if (isRecord(range)) {
    const { one_of: values, between, letters_max: letters } = range;
    if (Array.isArray(values)) return { path, kind: 'one', values: values.map((value) => (typeof value === 'string' ? value : JSON.stringify(value))) };
    if (typeof letters === 'number') return { path, kind: 'letters', max: letters };
    if (isRecord(between) && typeof between['min'] === 'number' && typeof between['max'] === 'number') return { path, kind: 'between', min: between['min'], max: between['max'] };
  }
  return { path, kind: 'other', text: JSON.stringify(range) };
}
