import { SuggestionsView } from '@/features/suggestions/suggestions-view';

export default function SuggestionsPage() {
  return <SuggestionsView />;
}
