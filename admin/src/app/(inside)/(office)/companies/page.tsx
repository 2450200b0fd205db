import { CompaniesView } from '@/features/companies/companies-view';

export default function CompaniesPage() {
  return <CompaniesView />;
}
