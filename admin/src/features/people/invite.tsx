'use client';

import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslations } from 'use-intl';
import { ShownOnce } from '@/components/shown-once';
import { Button } from '@/components/ui/button';
import { Dialog } from '@/components/ui/dialog';
import { Input } from '@/components/ui/field';
import { Problem } from '@/components/ui/states';
import { answer, api, idempotencyKey } from '@/lib/api/client';
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
    return (
      <Dialog title={t('invited', { name: invite.data.display_name })} onClose={onClose}>
        <ShownOnce label={t('link')} secret={invite.data.sign_in_link ?? null} hint={t('linkHint')} />
        <div className="flex justify-end">
          <Button tone="primary" onClick={onClose}>
            {t('done')}
          </Button>
        </div>
      </Dialog>
    );
  }
  return (
    <Dialog title={t('invite')} onClose={onClose}>
      <form
        className="grid gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          if (isComplete(roles)) invite.mutate();
        }}
        onChange={() => {
          setKey(idempotencyKey());
        }}
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
        {invite.isError && <Problem error={invite.error} />}
        <div className="grid grid-cols-2 gap-2 sm:flex sm:justify-end">
          <Button onClick={onClose}>{t('cancel')}</Button>
          <Button tone="primary" type="submit" isBusy={invite.isPending} forbidden={isComplete(roles) ? null : t('chooseRole')}>
            {t('makeLink')}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
