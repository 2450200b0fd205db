'use client';

import { useInfiniteQuery } from '@tanstack/react-query';
import { answer, api, type Schemas } from '@/lib/api/client';

export type Hold = Schemas['HoldView'];

export const SHOWN = ['held', 'mine', 'all'] as const;
export const EFFECTS = ['read', 'fetch', 'write', 'send', 'destroy', 'money', 'credential', 'member', 'admin'] as const;

/** Which held actions are looked at. */
export interface Filter {
  show: (typeof SHOWN)[number];
  effect: (typeof EFFECTS)[number] | '';
  words: string;
}

const PAGE = 50;
const PAGE_WHOLE = 200;
/** A search looks through so many at once; what is older is looked through on demand. */
const SEARCHED = 1_000;
const LOOK_EVERY_MS = 10_000;

/** Held actions, a page at a time; for a search, as many as it looks through. */
export function useHolds({ show, effect, words }: Filter) {
  const state = show === 'all' ? undefined : 'held';
  const isSearch = effect !== '' || words !== '' || show === 'mine';
  const read = (cursor: string | undefined) => answer(api.GET('/api/v1/holds', { params: { query: { state, limit: isSearch ? PAGE_WHOLE : PAGE, cursor } } }));
  return useInfiniteQuery({
    queryKey: ['holds', 'list', state ?? 'all', isSearch],
    queryFn: async ({ pageParam }) => {
      let { items, next_cursor: next } = await read(pageParam);
      while (isSearch && next !== null && items.length < SEARCHED) {
        const more = await read(next);
        items = [...items, ...more.items];
        next = more.next_cursor;
      }
      return { items, next_cursor: next };
    },
    initialPageParam: undefined,
    getNextPageParam: (page: { next_cursor: string | null }): string | undefined => page.next_cursor ?? undefined,
    refetchInterval: LOOK_EVERY_MS,
  });
}

/** What lapses first comes first; what is over comes newest first. */
function inOrder(holds: Hold[]): Hold[] {
  const [waiting, over] = [holds.filter((hold) => hold.state === 'held'), holds.filter((hold) => hold.state !== 'held')];
  return [...waiting.sort((a, b) => a.expires_at.localeCompare(b.expires_at)), ...over.sort((a, b) => b.held_at.localeCompare(a.held_at))];
}

/** Those that fit, in order. Words are looked for in what the list shows: the tool, the reason, the agent. */
export function fitting(holds: Hold[], { show, effect, words }: Filter, canDecide: (hold: Hold) => boolean): Hold[] {
  const wanted = words.toLocaleLowerCase().split(/\s+/).filter((word) => word !== '');
  const fits = (hold: Hold) => {
    const text = `${hold.tool} ${hold.tool.replaceAll(/[._]/g, ' ')} ${hold.reason} ${hold.agent}`.toLocaleLowerCase();
    return (show !== 'mine' || canDecide(hold)) && (effect === '' || hold.effect === effect) && wanted.every((word) => text.includes(word));
  };
  return inOrder(holds.filter(fits));
}
