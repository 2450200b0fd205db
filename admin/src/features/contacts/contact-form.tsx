'use client';

import { useState } from 'react';
import { useTranslations } from 'use-intl';
import { RecordForm } from '@/components/record/record-form';
import { useOpened } from '@/components/record/use-opened';
import { Input, TextArea } from '@/components/ui/field';
import { usePlace, WorkspaceSelect } from '@/components/workspace-select';
import { answer, api, type Schemas } from '@/lib/api/client';
import { linesOf, pointsIn, wordsIn } from '@/lib/points';

const NAME_LETTERS_MAX = 300;

/** Somebody new, or changes to a contact: only what was changed in the form is sent. */
export function ContactForm({ contact: live, onClose }: { contact?: Schemas['ContactView']; onClose: () => void }) {
  const t = useTranslations('contacts');
  const place = usePlace();
  const { opened: contact, takeUp } = useOpened(live, ['contacts', 'one', live?.contact_id]);
  const [name, setName] = useState(contact?.display_name ?? '');
  const [job, setJob] = useState(contact?.job_title ?? '');
  const [mails, setMails] = useState(linesOf(contact?.emails ?? []));
  const [phones, setPhones] = useState(linesOf(contact?.phones ?? []));
  const [tags, setTags] = useState(contact?.tags.join('\n') ?? '');
  const [was] = useState({ name, job, mails, phones, tags });
  const save = (key: string) => {
    const fields = { display_name: name, emails: pointsIn(mails, contact?.emails ?? []), phones: pointsIn(phones, contact?.phones ?? []), tags: wordsIn(tags) };
    if (contact === undefined) return answer(api.POST('/api/v1/contacts', { params: { header: { 'Idempotency-Key': key } }, body: { ...fields, job_title: job === '' ? null : job, workspace_id: place.id } }));
    // What is as it was is not said again: it may have been changed elsewhere meanwhile.
    const changed = {
      ...(name !== was.name && { display_name: fields.display_name }),
      ...(job !== was.job && { job_title: job }),
      ...(mails !== was.mails && { emails: fields.emails }),
      ...(phones !== was.phones && { phones: fields.phones }),
      ...(tags !== was.tags && { tags: fields.tags }),
    };
    return answer(api.PATCH('/api/v1/contacts/{id}', { params: { path: { id: contact.contact_id } }, body: { version: contact.version, ...changed } }));
  };
  return (
    <RecordForm title={contact === undefined ? t('new') : t('edit')} of="contacts" save={save} onConflict={takeUp} onClose={onClose}>
      <Input data-first label={t('name')} value={name} required maxLength={NAME_LETTERS_MAX} dir="auto" onChange={(event) => setName(event.target.value)} />
      <Input label={t('job')} value={job} maxLength={NAME_LETTERS_MAX} dir="auto" onChange={(event) => setJob(event.target.value)} />
      <TextArea label={t('mail')} hint={t('aLine')} value={mails} rows={2} dir="ltr" inputMode="email" onChange={(event) => setMails(event.target.value)} />
      <TextArea label={t('phone')} hint={t('aLine')} value={phones} rows={2} dir="ltr" inputMode="tel" onChange={(event) => setPhones(event.target.value)} />
      <TextArea label={t('tags')} hint={t('aLine')} value={tags} rows={2} dir="auto" onChange={(event) => setTags(event.target.value)} />
      {contact === undefined && <WorkspaceSelect {...place} />}
    </RecordForm>
  );
}
