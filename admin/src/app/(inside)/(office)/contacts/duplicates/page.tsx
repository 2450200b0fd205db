import { DuplicatesView } from '@/features/contacts/duplicates-view';

export default function DuplicatesPage() {
  return <DuplicatesView />;
}
