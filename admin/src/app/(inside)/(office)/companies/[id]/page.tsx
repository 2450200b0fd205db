import { CompanyPage } from '@/features/companies/company-page';

/** One file answers for every id: the path has the real one. */
export function generateStaticParams() {
  return [{ id: '_' }];
}

export default function OneCompanyPage() {
  return <CompanyPage />;
}
