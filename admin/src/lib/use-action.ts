'use client';

import { useQuery } from '@tanstack/react-query';
import { answer, api } from '@/lib/api/client';

/** One action of the log, by its decision. An id that is none asks for nothing. */
export function useAction(id: string) {
  return useQuery({ queryKey: ['actions', 'one', id], queryFn: () => answer(api.GET('/api/v1/actions/{id}', { params: { path: { id } } })), enabled: id.startsWith('dec_'), staleTime: 60_000 });
}
