import { PoliciesView } from '@/features/policies/policies-view';

export default function PoliciesPage() {
  return <PoliciesView />;
}
