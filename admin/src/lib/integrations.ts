'use client';

import { useQuery } from '@tanstack/react-query';
import { answer, api } from './api/client';

const EVERY_MS = 30_000;

/** What the installation is connected to, looked at again while it is shown. */
export function useIntegrations() {
  return useQuery({ queryKey: ['integrations'], queryFn: () => answer(api.GET('/api/v1/integrations')), refetchInterval: EVERY_MS });
}
