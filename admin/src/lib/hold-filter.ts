import type { QueryOf } from './api/address';

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

/** The filter in the server's words, for the list and for what leaves as a file. What says nothing is not there. */
export function queryOf({ show, effect, role, words }: Filter): QueryOf<'/api/v1/holds'> {
  const or = (text: string) => (text.trim() === '' ? undefined : text.trim());
  return { state: show === 'all' ? undefined : 'held', mine: show === 'mine' ? true : undefined, effect: or(effect), role: or(role), q: or(words) };
}

/** Whether a filter leaves out any that waits, or, of all, any at all. */
export function isNarrow({ show, effect, role, words }: Filter): boolean {
  return show === 'mine' || effect !== '' || role !== '' || words.trim() !== '';
}

/** How often the queue is looked at, and for how long at least for each page of it. */
const [LOOK_EVERY_MS, PAGE_EVERY_MS] = [10_000, 2_000];

/** When to look at the queue again: all pages that are here are read anew, so a long one is looked at less often. */
export function lookAgainMs(pages: number): number {
  return Math.max(LOOK_EVERY_MS, pages * PAGE_EVERY_MS);
}
