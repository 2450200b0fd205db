'use client';

import { useQuery } from '@tanstack/react-query';
import { answer, api, type Schemas } from '@/lib/api/client';
import type { ChangeDetail } from '@/lib/change';
import { readAll } from '@/lib/list';
import { filesOf } from '@/lib/rule-files';
import type { RuleFile } from '@/lib/rule-set';

const PAGE = 200;
/** Ten thousand sets that were approved. */
const PAGES_MAX = 50;

/** What a proposed set of rules is put beside. */
export type SetBefore =
  /** The set that was approved last before it, file by file. */
  | { kind: 'set'; set: Schemas['PolicySet']; version: number | null }
  /** The rules of the installation's files, statement by statement: nobody approved a set before. Their cases cannot be read. */
  | { kind: 'installed'; rules: RuleFile[] }
  /** It was decided when the installation's files held, and they are told no more. */
  | { kind: 'unknown' };

interface Asked {
  before: SetBefore | null;
  error: Error | null;
  retry: () => void;
}

/** The set of rules that a proposal would take, or took, the place of. */
export function useSetBefore(change: ChangeDetail): Asked {
  const isOpen = change.state === 'proposed';
  const history = useQuery({ queryKey: ['policies', 'history', 'sets'], queryFn: () => readAll((cursor) => answer(api.GET('/api/v1/policies/history', { params: { query: { limit: PAGE, cursor } } })), PAGES_MAX) });
  const until = isOpen ? Number.POSITIVE_INFINITY : Date.parse(change.decided_at ?? change.proposed_at);
  const last = history.data?.find((one) => one.governance_change_id !== change.governance_change_id && Date.parse(one.decided_at ?? one.proposed_at) <= until) ?? null;
  const set = useQuery({
    queryKey: ['changes', 'one', last?.governance_change_id],
    queryFn: () => answer(api.GET('/api/v1/changes/{id}', { params: { path: { id: last?.governance_change_id ?? '' } } })),
    enabled: last !== null,
  });
  const isInstalled = history.isSuccess && last === null && isOpen;
  const policies = useQuery({ queryKey: ['policies'], queryFn: () => answer(api.GET('/api/v1/policies')), enabled: isInstalled });
  const asked = [history, ...(last === null ? [] : [set]), ...(isInstalled ? [policies] : [])];
  return {
    before: beforeOf(),
    error: asked.find((one) => one.error !== null)?.error ?? null,
    retry: () => void Promise.all(asked.map((one) => one.refetch())),
  };

  function beforeOf(): SetBefore | null {
    if (!history.isSuccess) return null;
    if (last !== null) {
      const content = set.data?.content;
      return content !== undefined && 'rules' in content ? { kind: 'set', set: content, version: set.data?.version ?? null } : null;
    }
    if (!isOpen) return { kind: 'unknown' };
    return policies.data === undefined ? null : { kind: 'installed', rules: filesOf(policies.data.rules) };
  }
}
