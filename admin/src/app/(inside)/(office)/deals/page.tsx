import { DealsView } from '@/features/deals/deals-view';

export default function DealsPage() {
  return <DealsView />;
}
