import { Link } from '@/components/ui/link';
import type { Schemas } from '@/lib/api/client';
import type { Moment } from './notes';
import { StageBadge } from './stage';

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
