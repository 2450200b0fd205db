'use client';

import { useInfiniteQuery } from '@tanstack/react-query';
import { answer, api, type Schemas } from '@/lib/api/client';
import { ProblemError, readProblem } from '@/lib/api/problem';

export type Action = Schemas['ActionView'];

interface ActionPage {
  items: Action[];
  next_cursor: string | null;
}

/** What is asked for. Empty says nothing. */
export interface Filter {
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

function queryOf(filter: Filter) {
  const or = (text: string) => (text === '' ? undefined : text);
  return { verdict: or(filter.verdict), tool: toolOf(filter.tool), from: or(filter.from), to: or(filter.to), run: or(filter.run) };
}

export function useActions(filter: Filter) {
  return useInfiniteQuery({
    queryKey: ['actions', filter],
    queryFn: async ({ pageParam }): Promise<ActionPage> => {
      const page = await answer(api.GET('/api/v1/actions', { params: { query: { ...queryOf(filter), limit: PAGE, cursor: pageParam } } }));
      // The same address exports text, but only for whoever asks for it.
      if (typeof page === 'string') throw new TypeError('a page was asked for, and a file came');
      return page;
    },
    initialPageParam: undefined,
    getNextPageParam: (page: ActionPage): string | undefined => page.next_cursor ?? undefined,
  });
}

export const EXPORTS = { csv: 'text/csv', jsonl: 'application/jsonl' } as const;
export type Export = keyof typeof EXPORTS;

/** The whole log that fits a filter, as a file. The kind of file is asked for by a header, which a link cannot carry. */
export async function exportActions(filter: Filter, kind: Export): Promise<Blob> {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(queryOf(filter))) if (value !== undefined) query.set(name, value);
  const response = await fetch(`/api/v1/actions?${query.toString()}`, { headers: { accept: EXPORTS[kind] }, credentials: 'same-origin' });
  if (!response.ok) {
    const body: unknown = await response.json().catch(() => null);
    throw new ProblemError(readProblem(body, response));
  }
  return response.blob();
}
