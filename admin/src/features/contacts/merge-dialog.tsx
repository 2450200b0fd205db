'use client';

import { useTranslations } from 'use-intl';
import { MergeDialog } from '@/components/record/merge-dialog';
import { answer, api, type Schemas } from '@/lib/api/client';
import type { MergeField } from '@/lib/merge';

type Contact = Schemas['ContactView'];

interface MergeContactsProps {
  /** The two, the older one first. */
  ids: [string, string];
  onClose: () => void;
}

/** Two contacts side by side, and whose values are kept. */
export function MergeContacts({ ids, onClose }: MergeContactsProps) {
  const t = useTranslations('contacts.merge');
  const words = useTranslations('contacts');
  const fields: (MergeField<Contact> & { name: keyof Schemas['ChoiceOf'] })[] = [
    { name: 'display_name', label: t('displayName'), value: (one) => one.display_name },
    { name: 'given_name', label: t('givenName'), value: (one) => one.given_name },
    { name: 'family_name', label: t('familyName'), value: (one) => one.family_name },
    // Companies of one name are two.
    { name: 'company', label: words('company'), value: (one) => one.company?.company_id, shown: (one) => one.company?.name },
    { name: 'job_title', label: words('job'), value: (one) => one.job_title },
    { name: 'birthday', label: words('birthday'), value: (one) => one.birthday },
  ];
  return (
    <MergeDialog
      of="contacts"
      ids={ids}
      words={{ title: t('dialog'), staysHint: t('staysHint'), done: (name) => t('done', { name }) }}
      read={(id) => answer(api.GET('/api/v1/contacts/{id}', { params: { path: { id } } }))}
      show={(one) => ({ id: one.contact_id, name: one.display_name, details: [...one.emails, ...one.phones].map((point) => point.value).join(', ') })}
      fields={fields}
      merge={(id, body, key) => answer(api.POST('/api/v1/contacts/{id}/merge', { params: { path: { id }, header: { 'Idempotency-Key': key } }, body }))}
      onClose={onClose}
    >
      <div className="grid gap-1 text-sm">
        <p className="font-medium">{t('joined')}</p>
        <p className="text-soft">{t('joinedHint')}</p>
      </div>
    </MergeDialog>
  );
}
