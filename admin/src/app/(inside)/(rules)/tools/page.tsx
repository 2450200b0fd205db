import { ToolsView } from '@/features/tools/tools-view';

export default function ToolsPage() {
  return <ToolsView />;
}
