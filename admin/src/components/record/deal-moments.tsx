import { Link } from '@/components/ui/link';
import { answer, api, type Schemas } from '@/lib/api/client';
import { useList } from '@/lib/list';
import type { Moment } from './notes';
import { StageBadge } from './stage';

/** Deals with somebody, newest first, a page at a time. */
export function useDealsWith(whom: { contact_id: string } | { company_id: string }) {
  return useList(['deals', 'with', whom], (cursor) => answer(api.GET('/api/v1/deals', { params: { query: { ...whom, order: 'newest', cursor } } })));
}

/** Deals as what happened to a record: each at its time, with where it stands now. */
export function dealMoments(deals: readonly Schemas['DealView'][], word: string): Moment[] {
  return deals.map((deal) => ({
    key: deal.deal_id,
    at: deal.created_at,
    what: (
      <>
        {word}{' '}
        <Link href={`/deals/${deal.deal_id}`} className="text-accent underline">
          <bdi>{deal.title}</bdi>
        </Link>{' '}
        <StageBadge stage={deal.stage} />
      </>
    ),
  }));
}
