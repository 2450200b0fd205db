export const SHOWN = ['held', 'mine', 'all'] as const;
export const EFFECTS = ['read', 'fetch', 'write', 'send', 'destroy', 'money', 'credential', 'member', 'admin'] as const;

/** Which held actions are looked at. */
export interface Filter {
  show: (typeof SHOWN)[number];
  effect: (typeof EFFECTS)[number] | '';
  /** Those that somebody of this role is needed for, or can release alone. */
  role: string;
  words: string;
}

/** What of a held action a filter looks at. */
interface Filtered {
  tool: string;
  /** What it is about, where that can be said. */
  about?: string | null;
  reason: string;
  agent: string;
  effect: string;
  /** Sets of roles, of which one is enough. */
  needs: readonly (readonly string[])[];
}

/** Those that fit, in the order they came in. Words are looked for in what the list shows: the tool, what it is about, the reason, the agent. */
export function fitting<T extends Filtered>(holds: readonly T[], { show, effect, role, words }: Filter, canDecide: (hold: T) => boolean): T[] {
  const wanted = words.toLocaleLowerCase().split(/\s+/).filter((word) => word !== '');
  return holds.filter((hold) => {
    const text = `${hold.tool} ${hold.tool.replaceAll(/[._]/g, ' ')} ${hold.about ?? ''} ${hold.reason} ${hold.agent}`.toLocaleLowerCase();
    return (show !== 'mine' || canDecide(hold)) && (effect === '' || hold.effect === effect) && (role === '' || hold.needs.some((set) => set.includes(role))) && wanted.every((word) => text.includes(word));
  });
}
