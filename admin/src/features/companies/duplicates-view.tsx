'use client';

import { Building2 } from 'lucide-react';
import { useTranslations } from 'use-intl';
import { Duplicates, type Entry } from '@/components/record/duplicates';
import { answer, api, type Schemas } from '@/lib/api/client';
import { MergeCompanies } from './merge-dialog';

const PAGE = 50;

/** Entries that look like one company, to be compared two by two. */
export function CompanyDuplicatesView() {
  const t = useTranslations('companies.merge');
  const words = useTranslations('companies');
  const entryOf = (company: Schemas['CompanyView']): Entry => ({ id: company.company_id, name: company.name, details: company.website ?? words('noWebsite') });
  return (
    <Duplicates
      of="companies"
      icon={<Building2 className="size-5" aria-hidden />}
      words={{ title: t('title'), hint: t('hint'), noneHint: t('noneHint'), mayNot: t('mayNot') }}
      read={(cursor) => answer(api.GET('/api/v1/companies/duplicates', { params: { query: { limit: PAGE, cursor } } }))}
      show={(group) => ({
        first: entryOf(group.company),
        others: group.others.map(({ company, why }) => ({ entry: entryOf(company), why: why.map((one) => t(`why.${one}`)) })),
      })}
    >
      {(ids, onClose) => <MergeCompanies key={ids.join(' ')} ids={ids} onClose={onClose} />}
    </Duplicates>
  );
}
