import { UsageView } from '@/features/usage/usage-view';

export default function UsagePage() {
  return <UsageView />;
}
