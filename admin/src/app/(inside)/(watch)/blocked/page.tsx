import { ActionsView } from '@/features/actions/actions-view';

export default function BlockedPage() {
  return <ActionsView only="blocked" />;
}
