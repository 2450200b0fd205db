import { HealthView } from '@/features/health/health-view';

export default function HealthPage() {
  return <HealthView />;
}
