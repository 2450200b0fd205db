'use client';

import { useState } from 'react';
import { useTranslations } from 'use-intl';
import { RecordForm } from '@/components/record/record-form';
import { useOpened } from '@/components/record/use-opened';
import { Input } from '@/components/ui/field';
import { usePlace, WorkspaceSelect } from '@/components/workspace-select';
import { answer, api, type Schemas } from '@/lib/api/client';

const NAME_LETTERS_MAX = 300;

/** A new company, or changes to one. */
export function CompanyForm({ company: live, onClose }: { company?: Schemas['CompanyView']; onClose: () => void }) {
  const t = useTranslations('companies');
  const place = usePlace();
  const { opened: company, takeUp } = useOpened(live, ['companies', 'one', live?.company_id]);
  const [name, setName] = useState(company?.name ?? '');
  const [website, setWebsite] = useState(company?.website ?? '');
  const [was] = useState({ name, website });
  const save = (key: string) => {
    if (company === undefined) return answer(api.POST('/api/v1/companies', { params: { header: { 'Idempotency-Key': key } }, body: { name, website: website === '' ? null : website, workspace_id: place.id } }));
    // What is as it was is not said again: it may have been changed elsewhere meanwhile.
    const changed = { ...(name !== was.name && { name }), ...(website !== was.website && { website }) };
    return answer(api.PATCH('/api/v1/companies/{id}', { params: { path: { id: company.company_id } }, body: { version: company.version, ...changed } }));
  };
  return (
    <RecordForm title={company === undefined ? t('new') : t('edit')} of="companies" save={save} onConflict={takeUp} onClose={onClose}>
      <Input data-first label={t('name')} value={name} required maxLength={NAME_LETTERS_MAX} dir="auto" onChange={(event) => setName(event.target.value)} />
      <Input label={t('website')} value={website} inputMode="url" dir="ltr" onChange={(event) => setWebsite(event.target.value)} />
      {company === undefined && <WorkspaceSelect {...place} />}
    </RecordForm>
  );
}
