'use client';

import { useInfiniteQuery } from '@tanstack/react-query';

/** A page of a list, as the server answers. */
export interface PageOf<T> {
  items: T[];
  next_cursor: string | null;
}

/** A list that grows page by page. With `everyMs` it is looked at again while it is in view. */
export function useList<T>(key: readonly unknown[], read: (cursor: string | undefined) => Promise<PageOf<T>>, everyMs?: number) {
  const query = useInfiniteQuery({
    refetchInterval: everyMs,
    queryKey: key,
    queryFn: ({ pageParam }) => read(pageParam),
    initialPageParam: undefined,
    getNextPageParam: (page: PageOf<T>): string | undefined => page.next_cursor ?? undefined,
  });
  return { query, items: query.data?.pages.flatMap((page) => page.items) ?? [] };
}
