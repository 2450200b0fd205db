import { ChangesView } from '@/features/changes/changes-view';

export default function ChangesPage() {
  return <ChangesView />;
}
