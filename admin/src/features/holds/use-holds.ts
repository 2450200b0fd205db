'use client';

import { useInfiniteQuery } from '@tanstack/react-query';
import { answer, api, type Schemas } from '@/lib/api/client';
import type { Filter } from '@/lib/hold-filter';

export type Hold = Schemas['HoldView'];

const PAGE = 50;
const PAGE_WHOLE = 200;
/** A search looks through so many at once; what is older is looked through on demand. */
const SEARCHED = 1_000;
const LOOK_EVERY_MS = 10_000;

/** Held actions in the order of the server, those that wait by when they lapse, a page at a time; for a search, as many as it looks through. */
export function useHolds({ show, effect, role, words }: Filter) {
  const state = show === 'all' ? undefined : 'held';
  const isSearch = effect !== '' || role !== '' || words !== '' || show === 'mine';
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
