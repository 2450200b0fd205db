'use client';

import { useQuery } from '@tanstack/react-query';
import { answer, api } from './api/client';
import type { Me } from './me';

const EVERY_MS = 30_000;
const READERS = ['owner', 'manager'];

/** Whether somebody may know what the installation is connected to. The server judges again. */
export function seesIntegrations(me: Me): boolean {
  return me.roles.some((role) => READERS.includes(role));
}

/** What the installation is connected to, looked at again while it is shown. */
export function useIntegrations(isAllowed: boolean) {
  return useQuery({ queryKey: ['integrations'], queryFn: () => answer(api.GET('/api/v1/integrations')), enabled: isAllowed, refetchInterval: EVERY_MS });
}
