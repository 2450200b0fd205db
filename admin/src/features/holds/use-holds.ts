'use client';

import { useInfiniteQuery } from '@tanstack/react-query';
import { answerPage, api, type Schemas } from '@/lib/api/client';
import { lookAgainMs, queryOf, type Filter } from '@/lib/hold-filter';

export type Hold = Schemas['HoldView'];

interface HoldPage {
  items: Hold[];
  next_cursor: string | null;
}

const PAGE = 50;

/** Held actions that fit, in the order of the server, those that wait by when they lapse, a page at a time. */
export function useHolds(filter: Filter) {
  const query = queryOf(filter);
  return useInfiniteQuery({
    queryKey: ['holds', 'list', query],
    queryFn: ({ pageParam }): Promise<HoldPage> => answerPage(api.GET('/api/v1/holds', { params: { query: { ...query, limit: PAGE, cursor: pageParam } } })),
    initialPageParam: undefined,
    getNextPageParam: (page: HoldPage): string | undefined => page.next_cursor ?? undefined,
    refetchInterval: ({ state }) => lookAgainMs(state.data?.pages.length ?? 1),
  });
}
