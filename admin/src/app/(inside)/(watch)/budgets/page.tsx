import { BudgetsView } from '@/features/budgets/budgets-view';

export default function BudgetsPage() {
  return <BudgetsView />;
}
