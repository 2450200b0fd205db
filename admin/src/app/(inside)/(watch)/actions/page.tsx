import { ActionsView } from '@/features/actions/actions-view';

export default function ActionsPage() {
  return <ActionsView />;
}
