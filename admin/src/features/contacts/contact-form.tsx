'use client';

import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslations } from 'use-intl';
import { Input, TextArea } from '@/components/ui/field';
import { FormDialog } from '@/components/ui/form-dialog';
import { useToast } from '@/components/ui/toast';
import { useWorkspaces, WorkspaceSelect } from '@/components/workspace-select';
import { answer, api, idempotencyKey, type Schemas } from '@/lib/api/client';
import { isConflict } from '@/lib/api/problem';
import { linesOf, pointsIn, wordsIn } from '@/lib/points';

type Contact = Schemas['ContactView'];

const NAME_LETTERS_MAX = 300;

/** Somebody new, or changes to a contact: only what the form has is sent, for the version that was shown. */
export function ContactForm({ contact, onClose }: { contact?: Contact; onClose: () => void }) {
  const t = useTranslations('contacts');
  const toast = useToast();
  const client = useQueryClient();
  const workspaces = useWorkspaces();
  const [name, setName] = useState(contact?.display_name ?? '');
  const [job, setJob] = useState(contact?.job_title ?? '');
  const [mails, setMails] = useState(linesOf(contact?.emails ?? []));
  const [phones, setPhones] = useState(linesOf(contact?.phones ?? []));
  const [tags, setTags] = useState(contact?.tags.join('\n') ?? '');
  const [workspace, setWorkspace] = useState('');
  const [key, setKey] = useState(idempotencyKey);
  const save = useMutation({
    mutationFn: () => {
      const fields = { display_name: name, job_title: job, emails: pointsIn(mails, contact?.emails ?? []), phones: pointsIn(phones, contact?.phones ?? []), tags: wordsIn(tags) };
      if (contact !== undefined) return answer(api.PATCH('/api/v1/contacts/{id}', { params: { path: { id: contact.contact_id } }, body: { version: contact.version, ...fields } }));
      const where = workspace === '' ? workspaces[0]?.workspace_id : workspace;
      return answer(api.POST('/api/v1/contacts', { params: { header: { 'Idempotency-Key': key } }, body: { ...fields, job_title: job === '' ? null : job, workspace_id: where } }));
    },
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['contacts'] });
      toast(t('saved'));
      onClose();
    },
    onError: (error) => {
      if (isConflict(error)) void client.invalidateQueries({ queryKey: ['contacts'] });
    },
  });
  return (
    <FormDialog
      title={contact === undefined ? t('new') : t('edit')}
      cancel={t('cancel')}
      submit={t('save')}
      isBusy={save.isPending}
      error={save.error}
      conflict={t('changedMeanwhile')}
      onClose={onClose}
      onChange={() => setKey(idempotencyKey())}
      onSubmit={() => save.mutate()}
    >
      <Input data-first label={t('name')} value={name} required maxLength={NAME_LETTERS_MAX} dir="auto" onChange={(event) => setName(event.target.value)} />
      <Input label={t('job')} value={job} maxLength={NAME_LETTERS_MAX} dir="auto" onChange={(event) => setJob(event.target.value)} />
      <TextArea label={t('mail')} hint={t('aLine')} value={mails} rows={2} dir="ltr" inputMode="email" onChange={(event) => setMails(event.target.value)} />
      <TextArea label={t('phone')} hint={t('aLine')} value={phones} rows={2} dir="ltr" inputMode="tel" onChange={(event) => setPhones(event.target.value)} />
      <TextArea label={t('tags')} hint={t('aLine')} value={tags} rows={2} dir="auto" onChange={(event) => setTags(event.target.value)} />
      {contact === undefined && <WorkspaceSelect value={workspace} onChange={setWorkspace} />}
    </FormDialog>
  );
}
