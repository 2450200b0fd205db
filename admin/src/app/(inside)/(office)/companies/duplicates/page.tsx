import { CompanyDuplicatesView } from '@/features/companies/duplicates-view';

export default function CompanyDuplicatesPage() {
  return <CompanyDuplicatesView />;
}
