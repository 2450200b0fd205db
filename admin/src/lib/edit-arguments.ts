import { isRecord } from './json';

/** An argument as somebody can write in it: text as it is, everything else as JSON. */
export interface Field {
  name: string;
  kind: 'text' | 'json';
  text: string;
}

/** The arguments of a call, one field each. */
export function fieldsOf(value: unknown): Field[] {
  if (!isRecord(value)) return [];
  return Object.entries(value).map(([name, inner]) => (typeof inner === 'string' ? { name, kind: 'text', text: inner } : { name, kind: 'json', text: JSON.stringify(inner, null, 2) }));
}

/** The arguments as they were written, or the names of those that are no JSON. An emptied JSON field leaves its argument out. */
export function argumentsOf(fields: readonly Field[]): { arguments: Record<string, unknown>; wrong: string[] } {
  const found: Record<string, unknown> = {};
  const wrong: string[] = [];
  for (const { name, kind, text } of fields) {
    if (kind === 'text') found[name] = text;
    else if (text.trim() !== '') {
      try {
        const value: unknown = JSON.parse(text);
        found[name] = value;
      } catch {
        wrong.push(name);
      }
    }
  }
  return { arguments: found, wrong };
}
