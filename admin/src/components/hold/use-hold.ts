'use client';

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { answer, api, idempotencyKey, type Schemas } from '@/lib/api/client';
import { isMissing } from '@/lib/api/problem';
import { closeShown } from '@/lib/close-shown';
import { isRecord } from '@/lib/json';

export type Hold = Schemas['HoldDetail'];

const LOOK_EVERY_MS = 5_000;

/** A held action, looked at again while it waits: others may decide on it, or its time may run out. */
export function useHold(id: string) {
  return useQuery({
    queryKey: ['holds', id],
    queryFn: async () => {
      const hold = await answer(api.GET('/api/v1/holds/{id}', { params: { path: { id } } }));
      // What is decided needs nobody any more, wherever it was decided.
      if (hold.state !== 'held') void closeShown(id).catch(() => undefined);
      return hold;
    },
    // What is not there, or may not be seen any more, does not come.
    refetchInterval: ({ state: { data, error } }) => (!isMissing(error) && (data === undefined || isOpen(data)) ? LOOK_EVERY_MS : false),
  });
}

/** What each argument is for, by its pointer. */
export function rolesOf(hold: Hold): Record<string, string> {
  const roles = 'roles' in hold ? hold.roles : null;
  return isRecord(roles) ? Object.fromEntries(Object.entries(roles).flatMap(([path, role]) => (typeof role === 'string' ? [[path, role]] : []))) : {};
}

/** Whether something of it is still to come. */
export function isOpen(hold: Schemas['HoldView']): boolean {
  return hold.state === 'held' || hold.state === 'approved' || hold.state === 'claimed';
}

/** What one can say of a held action. Each wish has one key, so a wish sent twice counts once. */
export function useDecide(id: string) {
  const client = useQueryClient();
  // Lists are asked for anew beside it: who has said something is told that it counts when the server has said so, and not when a list has come over the same network.
  const settled = (hold?: Hold) => {
    if (hold !== undefined) client.setQueryData(['holds', id], hold);
    void client.invalidateQueries({ queryKey: ['holds'] });
    void client.invalidateQueries({ queryKey: ['actions'] });
  };
  const approve = useMutation({
    mutationFn: ({ envelopeId, key }: { envelopeId: string; key: string }) =>
      answer(api.POST('/api/v1/holds/{id}/approve', { params: { path: { id }, header: { 'Idempotency-Key': key } }, body: { envelope_id: envelopeId } })),
    onSettled: settled,
  });
  const reject = useMutation({
    mutationFn: ({ reason, key }: { reason: string; key: string }) =>
      answer(api.POST('/api/v1/holds/{id}/reject', { params: { path: { id }, header: { 'Idempotency-Key': key } }, body: { reason } })),
    onSettled: settled,
  });
  const revise = useMutation({
    mutationFn: ({ guidance, key }: { guidance: string; key: string }) =>
      answer(api.POST('/api/v1/holds/{id}/revise', { params: { path: { id }, header: { 'Idempotency-Key': key } }, body: { guidance } })),
    onSettled: settled,
  });
  // The answer is another card, which waits in the place of this one.
  const edit = useMutation({
    mutationFn: ({ args, key }: { args: Record<string, unknown>; key: string }) =>
      answer(api.POST('/api/v1/holds/{id}/edit', { params: { path: { id }, header: { 'Idempotency-Key': key } }, body: { arguments: args } })),
    onSettled: (next) => {
      if (next !== undefined) client.setQueryData(['holds', next.hold_id], next);
      settled();
    },
  });
  return { approve, reject, revise, edit, newKey: idempotencyKey };
}
