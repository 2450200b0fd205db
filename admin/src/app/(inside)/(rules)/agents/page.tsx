import { AgentsView } from '@/features/agents/agents-view';

export default function AgentsPage() {
  return <AgentsView />;
}
