import { isRecord, leavesOf, textOf } from './json';

/** How far a text can be trusted, lowest first. */
export const INTEGRITIES = ['outside', 'fact', 'anchored', 'directory', 'owner'] as const;
export type Integrity = (typeof INTEGRITIES)[number];

/** Where a value came from. */
export interface Origin {
  integrity: Integrity;
  /** What the argument is for, as the tool's manifest says. */
  role: string | null;
  /** Tools whose results it was found in. */
  tools: string[];
  /** Who may read it; none where anybody may. */
  readers: string[] | null;
  /** Whether it counts for more than the text it stood in, as the person's own sentence goes by that source. */
  isEndorsed: boolean;
}

/** A part of a call's result that was used later, and its label. */
export interface UsedPart {
  path: string;
  integrity: Integrity;
  readers: string[] | null;
}

function integrityOf(value: unknown): Integrity | null {
  return INTEGRITIES.find((one) => one === value) ?? null;
}

function readersOf(value: unknown): string[] | null {
  if (!isRecord(value)) return null;
  const only = value['only'];
  return Array.isArray(only) ? only.filter((one) => typeof one === 'string') : [];
}

function roleOf(value: unknown): string | null {
  if (isRecord(value)) {
    const [name, inner] = Object.entries(value)[0] ?? [];
    return name === undefined ? null : typeof inner === 'string' ? `${name}:${inner}` : name;
  }
  return textOf(value);
}

/** The origins of the arguments, by JSON pointer. What cannot be read says nothing, and nothing is shown for it. */
export function originsOf(provenance: unknown): Map<string, Origin> {
  const leaves = isRecord(provenance) ? provenance['leaves'] : provenance;
  const found = new Map<string, Origin>();
  for (const leaf of Array.isArray(leaves) ? leaves.filter(isRecord) : []) {
    const label = isRecord(leaf['label']) ? leaf['label'] : leaf;
    const [path, integrity] = [textOf(leaf['path']), integrityOf(label['integrity'])];
    if (path === null || integrity === null) continue;
    const sources = Array.isArray(label['sources']) ? label['sources'].filter(isRecord) : [];
    const tools = sources.map((source) => textOf(source['tool'])).filter((tool) => tool !== null);
    found.set(path, { integrity, role: roleOf(leaf['role']), tools: [...new Set(tools)], readers: readersOf(label['readers']), isEndorsed: sources.some((source) => source['from'] === 'endorsed') });
  }
  return found;
}

/** What is said of the origins of arguments that somebody has edited since: nothing of values that are others now. */
export function originsKept(provenance: unknown, before: unknown, now: unknown): unknown {
  const was = new Map(leavesOf(before).map((leaf) => [leaf.path, leaf.value]));
  const kept = new Set(leavesOf(now).flatMap((leaf) => (was.get(leaf.path) === leaf.value ? [leaf.path] : [])));
  const only = (leaves: unknown) => (Array.isArray(leaves) ? leaves.filter((leaf) => isRecord(leaf) && kept.has(textOf(leaf['path']) ?? '')) : leaves);
  return isRecord(provenance) ? { ...provenance, leaves: only(provenance['leaves']) } : only(provenance);
}

/** How far all can be trusted that the model had read by then, where the record says so. */
export function contextOf(provenance: unknown): Integrity | null {
  return isRecord(provenance) ? integrityOf(provenance['context']) : null;
}

/** What arguments say of results they were made of, by the call: a value of one source only has that part's very label. */
export function usedParts(provenances: readonly unknown[]): Map<string, UsedPart[]> {
  const found = new Map<string, UsedPart[]>();
  for (const provenance of provenances) {
    const leaves = isRecord(provenance) ? provenance['leaves'] : provenance;
    for (const leaf of Array.isArray(leaves) ? leaves.filter(isRecord) : []) {
      const label = isRecord(leaf['label']) ? leaf['label'] : leaf;
      const sources = Array.isArray(label['sources']) ? label['sources'].filter(isRecord) : [];
      const [source] = sources;
      const integrity = integrityOf(label['integrity']);
      if (source === undefined || sources.length > 1 || source['from'] !== 'result' || integrity === null) continue;
      const [call, path] = [textOf(source['call']), textOf(source['path'])];
      if (call === null || path === null) continue;
      const known = found.get(call) ?? [];
      if (known.every((part) => part.path !== path)) found.set(call, [...known, { path, integrity, readers: readersOf(label['readers']) }]);
    }
  }
  return found;
}
