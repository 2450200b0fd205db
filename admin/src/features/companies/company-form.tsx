'use client';

import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslations } from 'use-intl';
import { useWorkspaces, WorkspaceSelect } from '@/components/workspace-select';
import { Input } from '@/components/ui/field';
import { FormDialog } from '@/components/ui/form-dialog';
import { useToast } from '@/components/ui/toast';
import { answer, api, idempotencyKey, type Schemas } from '@/lib/api/client';
import { isConflict } from '@/lib/api/problem';

type Company = Schemas['CompanyView'];

const NAME_LETTERS_MAX = 300;

/** A new company, or changes to one: only what was written in is sent, for the version that was shown. */
export function CompanyForm({ company, onClose }: { company?: Company; onClose: () => void }) {
  const t = useTranslations('companies');
  const toast = useToast();
  const client = useQueryClient();
  const workspaces = useWorkspaces();
  const [name, setName] = useState(company?.name ?? '');
  const [website, setWebsite] = useState(company?.website ?? '');
  const [workspace, setWorkspace] = useState('');
  const [key, setKey] = useState(idempotencyKey);
  const save = useMutation({
    mutationFn: () => {
      if (company === undefined) {
        const where = workspace === '' ? workspaces[0]?.workspace_id : workspace;
        return answer(api.POST('/api/v1/companies', { params: { header: { 'Idempotency-Key': key } }, body: { name, website: website === '' ? null : website, workspace_id: where } }));
      }
      return answer(api.PATCH('/api/v1/companies/{id}', { params: { path: { id: company.company_id } }, body: { version: company.version, name, website } }));
    },
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['companies'] });
      toast(t('saved'));
      onClose();
    },
    onError: (error) => {
      if (isConflict(error)) void client.invalidateQueries({ queryKey: ['companies'] });
    },
  });
  return (
    <FormDialog
      title={company === undefined ? t('new') : t('edit')}
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
      <Input label={t('website')} value={website} inputMode="url" dir="ltr" onChange={(event) => setWebsite(event.target.value)} />
      {company === undefined && <WorkspaceSelect value={workspace} onChange={setWorkspace} />}
    </FormDialog>
  );
}
