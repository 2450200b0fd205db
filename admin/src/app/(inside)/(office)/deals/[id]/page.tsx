import { DealPage } from '@/features/deals/deal-page';

/** One file answers for every id: the path has the real one. */
export function generateStaticParams() {
  return [{ id: '_' }];
}

export default function OneDealPage() {
  return <DealPage />;
}
