import { GrantsView } from '@/features/grants/grants-view';

export default function GrantsPage() {
  return <GrantsView />;
}
