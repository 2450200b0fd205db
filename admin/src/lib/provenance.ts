import { isRecord, textOf } from './json';

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
}

function integrityOf(value: unknown): Integrity | null {
  return INTEGRITIES.find((one) => one === value) ?? null;
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
    found.set(path, { integrity, role: roleOf(leaf['role']), tools: [...new Set(tools)] });
  }
  return found;
}
