'use client';

import { useInfiniteQuery } from '@tanstack/react-query';
import type { QueryOf } from '@/lib/api/address';
import { answerPage, api, type Schemas } from '@/lib/api/client';
import { dayBegins } from '@/lib/day';

export type Action = Schemas['ActionView'];

interface ActionPage {
  items: Action[];
  next_cursor: string | null;
}

/** What is asked for. Empty says nothing. */
export interface Filter {
  words: string;
  verdict: string;
  tool: string;
  from: string;
  to: string;
  run: string;
}

const PAGE = 200;

/** A tool's name, or the beginning of one: what is typed is completed. */
function toolOf(words: string): string | undefined {
  const text = words.trim();
  return text === '' ? undefined : text.endsWith('*') ? text : `${text}*`;
}

/** The filter in the server's words: days are the reader's, and the last one is among them. */
export function queryOf(filter: Filter): QueryOf<'/api/v1/actions'> {
  const or = (text: string) => (text === '' ? undefined : text);
  return { q: or(filter.words.trim()), verdict: or(filter.verdict), tool: toolOf(filter.tool), from: or(dayBegins(filter.from)), to: or(dayBegins(filter.to, 1)), run: or(filter.run) };
}

export function useActions(filter: Filter) {
  return useInfiniteQuery({
    queryKey: ['actions', filter],
    queryFn: ({ pageParam }): Promise<ActionPage> => answerPage(api.GET('/api/v1/actions', { params: { query: { ...queryOf(filter), limit: PAGE, cursor: pageParam } } })),
    initialPageParam: undefined,
    getNextPageParam: (page: ActionPage): string | undefined => page.next_cursor ?? undefined,
  });
}
