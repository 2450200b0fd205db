import { leavesOf } from './json';
import { originsOf, type Integrity } from './provenance';

/** What of a held action is compared. */
interface Compared {
  tool: string;
  effect: string;
  agent: string;
  reason: string;
  person_id: string;
  people: number;
  needs: readonly (readonly string[])[];
  rules: readonly string[];
  arguments: unknown;
  provenance: unknown;
}

/** A value that is other than it was; null where there is none. */
export interface ValueDifference {
  path: string;
  before: string | null;
  now: string | null;
}

/** Where a value came from that is the same as before. */
export interface OriginDifference {
  path: string;
  before: Integrity | null;
  now: Integrity | null;
}

export const PARTS = ['tool', 'effect', 'reason', 'needs', 'rules', 'agent', 'person'] as const;
export type Part = (typeof PARTS)[number];

export interface HoldDifferences {
  values: ValueDifference[];
  origins: OriginDifference[];
  parts: Part[];
}

/** How what waits now differs from what was shown: values, where they came from, and what else is decided by. */
export function holdDifferences(shown: Compared, now: Compared): HoldDifferences {
  const [was, is] = [shown, now].map((one) => new Map(leavesOf(one.arguments).map((leaf) => [leaf.path, leaf.value])));
  const [from, to] = [originsOf(shown.provenance), originsOf(now.provenance)];
  const paths = [...new Set([...(is?.keys() ?? []), ...(was?.keys() ?? [])])];
  const values = paths.map((path) => ({ path, before: was?.get(path) ?? null, now: is?.get(path) ?? null })).filter((one) => one.before !== one.now);
  const isOther = new Set(values.map((one) => one.path));
  const origins = paths
    .filter((path) => !isOther.has(path))
    .map((path) => ({ path, before: from.get(path)?.integrity ?? null, now: to.get(path)?.integrity ?? null }))
    .filter((one) => one.before !== one.now);
  const text = (one: Compared): Record<Part, string> => ({
    tool: one.tool,
    effect: one.effect,
    reason: one.reason,
    needs: JSON.stringify([one.people, one.needs]),
    rules: JSON.stringify(one.rules),
    agent: one.agent,
    person: one.person_id,
  });
  const [before, after] = [text(shown), text(now)];
  return { values, origins, parts: PARTS.filter((part) => before[part] !== after[part]) };
}
