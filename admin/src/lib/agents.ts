'use client';

import { useQuery } from '@tanstack/react-query';
import { answer, api } from '@/lib/api/client';

/** Agents one may talk with. */
export function useAgents() {
  return useQuery({ queryKey: ['agents', 'names'], queryFn: () => answer(api.GET('/v1/models')), staleTime: 60_000 });
}
