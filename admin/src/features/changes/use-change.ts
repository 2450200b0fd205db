'use client';

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { answer, api } from '@/lib/api/client';
import { isMissing } from '@/lib/api/problem';
import type { ChangeDetail } from '@/lib/change';

const LOOK_EVERY_MS = 5_000;

/** A proposal, looked at again while it waits: others may decide, or something else may come in force. */
export function useChange(id: string | null) {
  return useQuery({
    queryKey: ['changes', 'one', id],
    queryFn: () => answer(api.GET('/api/v1/changes/{id}', { params: { path: { id: id ?? '' } } })),
    enabled: id !== null,
    // What is not there, or may not be seen any more, does not come.
    refetchInterval: ({ state: { data, error } }) => (!isMissing(error) && (data === undefined || data.state === 'proposed') ? LOOK_EVERY_MS : false),
  });
}

interface Wish {
  reason: string;
  key: string;
}

/** What one can say of a proposal. An approval is for exactly the content that was shown. */
export function useSay({ governance_change_id: id, content_digest }: ChangeDetail) {
  const client = useQueryClient();
  const settled = async (change?: ChangeDetail) => {
    if (change !== undefined) client.setQueryData(['changes', 'one', id], change);
    // What governs is shown on these pages.
    for (const key of ['changes', 'tools', 'plugins', 'policies', 'prompts', 'grants']) await client.invalidateQueries({ queryKey: [key] });
  };
  const params = (key: string) => ({ path: { id }, header: { 'Idempotency-Key': key } });
  const approve = useMutation({ mutationFn: ({ reason, key }: Wish) => answer(api.POST('/api/v1/changes/{id}/approve', { params: params(key), body: { content_digest, reason } })), onSettled: settled });
  const reject = useMutation({ mutationFn: ({ reason, key }: Wish) => answer(api.POST('/api/v1/changes/{id}/reject', { params: params(key), body: { reason } })), onSettled: settled });
  const withdraw = useMutation({ mutationFn: ({ key }: Wish) => answer(api.POST('/api/v1/changes/{id}/withdraw', { params: params(key) })), onSettled: settled });
  return { approve, reject, withdraw };
}
