'use client';

import { useQuery } from '@tanstack/react-query';
import { answer, answerPage, api } from '@/lib/api/client';
import { may, type Me } from '@/lib/me';

const HOLDS_EVERY_MS = 15_000;
const CHANGES_EVERY_MS = 60_000;
/** No more than this are counted. */
const COUNTED_MAX = 99;

/** How much waits for people; nothing where it could not be read. */
export interface Waiting {
  /** Held actions. */
  holds: number | null;
  /** Proposed changes that one could approve. */
  changes: number | null;
}

/** How many actions and changes wait, for whoever may see the ones and decide on the others. */
export function useWaiting(me: Me): Waiting {
  const holds = useQuery({
    queryKey: ['holds', 'waiting'],
    queryFn: () => answerPage(api.GET('/api/v1/holds', { params: { query: { state: 'held', limit: COUNTED_MAX } } })),
    enabled: may(me, 'holds:read'),
    refetchInterval: HOLDS_EVERY_MS,
  });
  const changes = useQuery({
    queryKey: ['changes', 'waiting'],
    queryFn: () => answer(api.GET('/api/v1/changes', { params: { query: { state: 'proposed', limit: COUNTED_MAX } } })),
    enabled: may(me, 'changes:decide'),
    refetchInterval: CHANGES_EVERY_MS,
  });
  const own = changes.data?.items.filter((change) => change.sound && !change.is_stale && change.proposed_by !== me.person_id) ?? [];
  return { holds: holds.isError ? null : (holds.data?.items.length ?? 0), changes: changes.isError ? null : own.length };
}

/** What waits at a place, if anything can. */
export function waitingAt(name: string): keyof Waiting | null {
  return name === 'holds' || name === 'changes' ? name : null;
}
