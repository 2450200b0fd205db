'use client';

import { useInfiniteQuery } from '@tanstack/react-query';

/** A page of a list, as the server answers. */
export interface PageOf<T> {
  items: T[];
  next_cursor: string | null;
}

/** All of a list, for what is looked up by id; of one that is longer than so many pages, those pages. */
export async function readAll<T>(read: (cursor: string | undefined) => Promise<PageOf<T>>, pagesMax: number): Promise<T[]> {
  const all: T[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < pagesMax; page += 1) {
    const { items, next_cursor: next } = await read(cursor);
    all.push(...items);
    if (next === null) break;
    cursor = next;
  }
  return all;
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
