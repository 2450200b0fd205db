'use client';

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Fingerprint } from 'lucide-react';
import { useState } from 'react';
import { useTranslations } from 'use-intl';
import { PasskeyProblem } from '@/components/passkey-problem';
import { Refusal } from '@/components/step-up';
import { Button } from '@/components/ui/button';
import { Dialog } from '@/components/ui/dialog';
import { Input } from '@/components/ui/field';
import { Failed, Loading } from '@/components/ui/states';
import { Ago } from '@/components/ui/time';
import { useToast } from '@/components/ui/toast';
import { answer, api, done, idempotencyKey, type Schemas } from '@/lib/api/client';
import { problemOf } from '@/lib/api/problem';
import { hasPasskeys, makePasskey } from '@/lib/passkey';
import { Prove, RecoveryCodes } from './second-factor';
import { Part } from './part';

const NAME_LETTERS_MAX = 100;

/** Keys that devices keep: they sign in without a password, and count as a second factor. */
export function Passkeys() {
  const t = useTranslations('settings.passkeys');
  const [isAdding, setIsAdding] = useState(false);
  const passkeys = useQuery({ queryKey: ['passkeys'], queryFn: () => answer(api.GET('/api/v1/me/passkeys')) });
  return (
    <Part title={t('title')} hint={t('hint')}>
      {passkeys.isPending && <Loading lines={2} className="px-0" />}
      {passkeys.isError && <Failed error={passkeys.error} onRetry={() => void passkeys.refetch()} />}
      {passkeys.data?.items.length === 0 && <p className="text-sm text-soft">{t('none')}</p>}
      <ul className="divide-y divide-line">
        {passkeys.data?.items.map((passkey) => (
          <Row key={passkey.passkey_id} passkey={passkey} />
        ))}
      </ul>
      <div className="mt-3">
        <Button size="small" forbidden={hasPasskeys() ? null : t('notHere')} onClick={() => setIsAdding(true)}>
          {t('add')}
        </Button>
        {!hasPasskeys() && <p className="mt-2 text-sm text-soft">{t('notHere')}</p>}
      </div>
      {isAdding && <AddDialog onClose={() => setIsAdding(false)} />}
    </Part>
  );
}

function useChanged(): () => Promise<void> {
  const client = useQueryClient();
  return async () => {
    await client.invalidateQueries({ queryKey: ['passkeys'] });
    await client.invalidateQueries({ queryKey: ['factors'], exact: true });
    await client.invalidateQueries({ queryKey: ['sessions'] });
  };
}

function Row({ passkey }: { passkey: Schemas['PasskeyView'] }) {
  const t = useTranslations('settings.passkeys');
  const toast = useToast();
  const changed = useChanged();
  const remove = useMutation({
    mutationFn: () => done(api.DELETE('/api/v1/me/passkeys/{id}', { params: { path: { id: passkey.passkey_id } } })),
    onSuccess: async () => {
      toast(t('removed'));
      await changed();
    },
  });
  return (
    <li className="grid gap-2 py-2.5">
      <div className="flex items-center gap-3">
        <Fingerprint className="size-4 shrink-0 text-soft" aria-hidden />
        <div className="min-w-0 flex-1">
          <p className="truncate text-sm font-medium">
            <bdi>{passkey.name}</bdi>
          </p>
          <p className="text-xs text-soft">
            {passkey.used_at == null ? (
              t('neverUsed')
            ) : (
              <>
                {t('used')} <Ago at={passkey.used_at} />
              </>
            )}
          </p>
        </div>
        <Button size="small" isBusy={remove.isPending} aria-label={t('removeNamed', { name: passkey.name })} onClick={() => remove.mutate()}>
          {t('remove')}
        </Button>
      </div>
      {remove.isError && <Refusal error={remove.error} onGiven={() => remove.mutate()} />}
    </li>
  );
}

function AddDialog({ onClose }: { onClose: () => void }) {
  const t = useTranslations('settings.passkeys');
  const changed = useChanged();
  const [name, setName] = useState('');
  const add = useMutation({
    mutationFn: async () => {
      const wanted = await answer(api.POST('/api/v1/me/passkeys/begin'));
      const made = await makePasskey(wanted);
      return answer(api.POST('/api/v1/me/passkeys', { params: { header: { 'Idempotency-Key': idempotencyKey() } }, body: { name: name.trim(), ...made } }));
    },
    onSuccess: async (made) => {
      await changed();
      if (made.recovery_codes == null) onClose();
    },
  });
  if (add.data?.recovery_codes != null) return <RecoveryCodes codes={add.data.recovery_codes} onClose={onClose} />;
  const isUnproven = problemOf(add.error)?.code === 'not_proven';
  return (
    <Dialog title={t('add')} onClose={onClose}>
      {isUnproven ? (
        <Prove onProven={() => add.mutate()} />
      ) : (
        <>
          <form
            className="grid gap-4"
            onSubmit={(event) => {
              event.preventDefault();
              add.mutate();
            }}
          >
            <p className="text-sm text-soft">{t('addHint')}</p>
            <Input label={t('name')} hint={t('nameHint')} name="name" maxLength={NAME_LETTERS_MAX} required value={name} onChange={(event) => setName(event.target.value)} data-first />
            <div className="flex justify-end">
              <Button type="submit" tone="primary" isBusy={add.isPending}>
                {t('make')}
              </Button>
            </div>
          </form>
          {add.isError && <PasskeyProblem error={add.error} onGiven={() => add.mutate()} />}
        </>
      )}
    </Dialog>
  );
}
