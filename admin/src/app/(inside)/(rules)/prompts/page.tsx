import { PromptsView } from '@/features/prompts/prompts-view';

export default function PromptsPage() {
  return <PromptsView />;
}
