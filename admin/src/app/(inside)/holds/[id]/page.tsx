import { HoldsView } from '@/features/holds/holds-view';

/** One file answers for every id: the path has the real one. */
export function generateStaticParams() {
  return [{ id: '_' }];
}

export default function OneHoldsPage() {
  return <HoldsView />;
}
