'use client';

import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslations } from 'use-intl';
import { ShownOnceDialog } from '@/components/shown-once';
import { Refusal } from '@/components/step-up';
import { Dialog } from '@/components/ui/dialog';
import { Input } from '@/components/ui/field';
import { FormDialog } from '@/components/ui/form-dialog';
import { answer, api, idempotencyKey } from '@/lib/api/client';
import { isNotProven, stepUpOf } from '@/lib/api/problem';
import { grantsOf, type Roles } from '@/lib/grants';
import { isComplete, RolesField } from './roles-field';

const NAME_LETTERS_MAX = 200;

/** Lets somebody in: nothing is sent, the link is handed over by whoever invites. */
export function InviteDialog({ onClose }: { onClose: () => void }) {
  const t = useTranslations('people');
  const client = useQueryClient();
  const [email, setEmail] = useState('');
  const [name, setName] = useState('');
  const [roles, setRoles] = useState<Roles>({ roles: [], workspaces: null });
  const [key, setKey] = useState(idempotencyKey);
  const invite = useMutation({
    mutationFn: () => answer(api.POST('/api/v1/people', { params: { header: { 'Idempotency-Key': key } }, body: { email, display_name: name, roles: grantsOf(roles) } })),
    onSuccess: () => client.invalidateQueries({ queryKey: ['people'] }),
  });
  if (invite.data !== undefined) {
    return <ShownOnceDialog title={t('invited', { name: invite.data.display_name })} label={t('link')} secret={invite.data.sign_in_link ?? null} hint={t('linkHint')} done={t('done')} onClose={onClose} />;
  }
  if (isNotProven(invite.error) || stepUpOf(invite.error)?.bound != null) {
    return (
      <Dialog title={t('invite')} onClose={onClose}>
        <Refusal error={invite.error} onGiven={() => invite.mutate()} />
      </Dialog>
    );
  }
  return (
    <FormDialog
      title={t('invite')}
      cancel={t('cancel')}
      submit={t('makeLink')}
      isBusy={invite.isPending}
      error={invite.error}
      forbidden={isComplete(roles) ? null : t('chooseRole')}
      onClose={onClose}
      onChange={() => setKey(idempotencyKey())}
      onSubmit={() => invite.mutate()}
    >
      <Input data-first label={t('name')} value={name} required maxLength={NAME_LETTERS_MAX} autoComplete="off" dir="auto" onChange={(event) => setName(event.target.value)} />
      <Input label={t('email')} type="email" value={email} required autoComplete="off" dir="ltr" onChange={(event) => setEmail(event.target.value)} />
      <RolesField
        value={roles}
        onChange={(next) => {
          setRoles(next);
          setKey(idempotencyKey());
        }}
      />
    </FormDialog>
  );
}
