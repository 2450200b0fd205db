'use client';

import { useTranslations } from 'use-intl';
import { MergeDialog } from '@/components/record/merge-dialog';
import { answer, api, type Schemas } from '@/lib/api/client';
import type { MergeField } from '@/lib/merge';

type Company = Schemas['CompanyView'];

interface MergeCompaniesProps {
  /** The two, the older one first. */
  ids: [string, string];
  onClose: () => void;
}

/** Two entries side by side, and whose values are kept. */
export function MergeCompanies({ ids, onClose }: MergeCompaniesProps) {
  const t = useTranslations('companies.merge');
  const words = useTranslations('companies');
  const fields: (MergeField<Company> & { name: keyof Schemas['CompanyChoiceOf'] })[] = [
    { name: 'name', label: words('name'), value: (one) => one.name },
    { name: 'website', label: words('website'), value: (one) => one.website },
  ];
  return (
    <MergeDialog
      of="companies"
      ids={ids}
      words={{ title: t('dialog'), staysHint: t('staysHint'), done: (name) => t('done', { name }) }}
      read={(id) => answer(api.GET('/api/v1/companies/{id}', { params: { path: { id } } }))}
      show={(one) => ({ id: one.company_id, name: one.name, details: one.website ?? words('noWebsite') })}
      fields={fields}
      merge={(id, body, key) => answer(api.POST('/api/v1/companies/{id}/merge', { params: { path: { id }, header: { 'Idempotency-Key': key } }, body }))}
      onClose={onClose}
    />
  );
}
