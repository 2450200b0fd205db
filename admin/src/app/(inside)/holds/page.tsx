import { HoldsView } from '@/features/holds/holds-view';

export default function HoldsPage() {
  return <HoldsView />;
}
