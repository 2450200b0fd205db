'use client';

import { useQuery, useQueryClient, type QueryClient } from '@tanstack/react-query';
import { createContext, useContext, useEffect } from 'react';
import { answer, api, type Schemas } from './api/client';
import { dropDrafts } from './draft';
import { hearOtherTabs, tellOtherTabs, type Told } from './other-tabs';

export type Me = Schemas['Me'];

/** What one may do, in the server's words. */
export type Permission =
  | 'conversations:use'
  | 'runs:read'
  | 'runs:cancel'
  | 'holds:read'
  | 'holds:decide'
  | 'actions:read'
  | 'contacts:read'
  | 'contacts:write'
  | 'contacts:import'
  | 'documents:read'
  | 'documents:write'
  | 'people:read'
  | 'people:manage'
  | 'tokens:manage'
  | 'workspaces:manage'
  | 'governance:read'
  | 'secrets:manage'
  | 'changes:propose'
  | 'changes:decide'
  | 'audit:read'
  | 'audit:erase'
  | 'budgets:read'
  | 'budgets:manage'
  | 'budgets:decide'
  | 'budgets:break_glass'
  | 'grants:manage';

/** Takes away everything but who is signed in. */
function dropRead(client: QueryClient): void {
  client.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'me' });
  client.getMutationCache().clear();
}

/** What was just heard of who is signed in. Where that is somebody else than before, everything that was read for those is forgotten first, and what others wrote in this tab in any case. */
export function heardOfMe(client: QueryClient, me: Me): Me {
  const before = client.getQueryData<Me>(['me']);
  if (before !== undefined && before.person_id !== me.person_id) dropRead(client);
  if (before?.person_id !== me.person_id) dropDrafts(me.person_id);
  return me;
}

/** What another tab says. A session that ended keeps what is written, for who comes back to it; one that was left on purpose keeps nothing here either. */
export function heardOfOtherTab(client: QueryClient, what: Told): void {
  if (what === 'in') {
    void client.invalidateQueries({ queryKey: ['me'] });
    return;
  }
  dropDrafts();
  dropRead(client);
  void client.resetQueries({ queryKey: ['me'] });
}

/** Who is signed in, asked again when another tab says that it may be somebody else. */
export function useMeQuery() {
  const client = useQueryClient();
  useEffect(() => hearOtherTabs((what) => heardOfOtherTab(client, what)), [client]);
  return useQuery({ queryKey: ['me'], queryFn: async () => heardOfMe(client, await answer(api.GET('/api/v1/me'))), staleTime: 60_000 });
}

const MeContext = createContext<Me | null>(null);
export const MeProvider = MeContext.Provider;

/** Who is signed in. Stands inside the shell only, which shows nothing before it is known. */
export function useMe(): Me {
  const me = useContext(MeContext);
  if (me === null) throw new Error('this part stands outside the shell');
  return me;
}

export function may(me: Me, permission: Permission): boolean {
  return me.permissions.includes(permission);
}

/** Forgets everything that was read and written, for whoever comes next at this browser, and tells its other tabs; where it is known who comes, what they wrote stays. */
export function useForget(): (comes?: Me) => void {
  const client = useQueryClient();
  return (comes) => {
    client.clear();
    dropDrafts(comes?.person_id);
    tellOtherTabs(comes === undefined ? 'out' : 'in');
  };
}
