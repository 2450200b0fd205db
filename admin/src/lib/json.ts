import { seen } from './seen';

/** Reading JSON whose shape the types do not promise. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

/** A scalar inside a JSON value, and where it stands, as a JSON pointer. */
export interface Leaf {
  path: string;
  value: string;
}

/** The scalars of a JSON value, in order. Empty lists and objects count as one. */
export function leavesOf(value: unknown, path = ''): Leaf[] {
  const escape = (name: string) => name.replaceAll('~', '~0').replaceAll('/', '~1');
  if (Array.isArray(value)) return value.length === 0 ? [{ path, value: '[]' }] : value.flatMap((inner, at) => leavesOf(inner, `${path}/${at}`));
  if (isRecord(value)) {
    const entries = Object.entries(value);
    return entries.length === 0 ? [{ path, value: '{}' }] : entries.flatMap(([name, inner]) => leavesOf(inner, `${path}/${escape(name)}`));
  }
  return [{ path, value: typeof value === 'string' ? value : JSON.stringify(value ?? null) }];
}

/** A pointer as people read it: `/emails/0/value` is `emails › 1 › value`, with a mark for what nobody would see: names can be anybody's. */
export function pointerInWords(path: string): string {
  const parts = path.split('/').slice(1).map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
  return seen(parts.map((part) => (/^\d+$/.test(part) ? String(Number(part) + 1) : part.replaceAll('_', ' '))).join(' › '));
}
