'use client';

import { useMutation } from '@tanstack/react-query';
import { Fingerprint, ShieldCheck } from 'lucide-react';
import { useTranslations } from 'use-intl';
import { Button } from '@/components/ui/button';
import { CodeInput, isWrongCode } from '@/components/code-input';
import { Input } from '@/components/ui/field';
import { Problem } from '@/components/ui/states';
import { answer, api, done, idempotencyKey } from '@/lib/api/client';
import { givePasskey, hasPasskeys, PasskeyError } from '@/lib/passkey';

/** The second factor, given for exactly what was refused. */
export function StepUp({ bound, factors, onGiven }: { bound: string; factors: readonly string[]; onGiven: () => void }) {
  const t = useTranslations('factor');
  const header = () => ({ 'Idempotency-Key': idempotencyKey() });
  const give = useMutation({
    mutationFn: (code: string) => answer(api.POST('/api/v1/session/step-up', { params: { header: header() }, body: { for: bound, code } })),
    onSuccess: onGiven,
  });
  const touch = useMutation({
    mutationFn: async () => {
      const wanted = await answer(api.POST('/api/v1/session/step-up/passkey', { body: { for: bound } }));
      const passkey = await givePasskey(wanted);
      return answer(api.POST('/api/v1/session/step-up', { params: { header: header() }, body: { for: bound, passkey } }));
    },
    onSuccess: onGiven,
  });
  const takesCodes = factors.includes('totp');
  return (
    <form
      aria-label={t('stepUp')}
      className="grid gap-3 rounded-lg border border-wait bg-wait-wash p-3"
      onSubmit={(event) => {
        event.preventDefault();
        event.stopPropagation();
        const code = new FormData(event.currentTarget).get('code');
        if (typeof code === 'string' && code.trim() !== '') give.mutate(code);
      }}
    >
      <p className="flex items-start gap-2 text-sm font-medium text-wait">
        <ShieldCheck className="mt-0.5 size-4 shrink-0" aria-hidden />
        {t('stepUpHint')}
      </p>
      {factors.includes('passkey') && (
        <div className="grid justify-items-start gap-2">
          <Button tone={takesCodes ? 'quiet' : 'primary'} isBusy={touch.isPending} forbidden={hasPasskeys() ? null : t('notHere')} onClick={() => touch.mutate()}>
            <Fingerprint className="size-4" aria-hidden />
            {t('givePasskey')}
          </Button>
          {touch.error instanceof PasskeyError && (
            <p role="alert" className="text-sm font-medium text-bad">
              {t('notRecognised')}
            </p>
          )}
          {touch.isError && !(touch.error instanceof PasskeyError) && <Problem error={touch.error} />}
        </div>
      )}
      {takesCodes && (
        <>
          <CodeInput hint={t('hintApp')} error={isWrongCode(give.error) ? t('wrong') : null} hasFocus />
          {give.isError && !isWrongCode(give.error) && <Problem error={give.error} />}
          <div>
            <Button type="submit" tone="primary" isBusy={give.isPending}>
              {t('give')}
            </Button>
          </div>
        </>
      )}
    </form>
  );
}

/** The password again, of somebody who has no second factor, for as long as what was refused takes it. */
export function Prove({ onGiven }: { onGiven: () => void }) {
  const t = useTranslations('factor');
  const prove = useMutation({
    mutationFn: (password: string) => done(api.POST('/api/v1/session/prove', { params: { header: { 'Idempotency-Key': idempotencyKey() } }, body: { password } })),
    onSuccess: onGiven,
  });
  return (
    <form
      aria-label={t('prove')}
      className="grid gap-3 rounded-lg border border-wait bg-wait-wash p-3"
      onSubmit={(event) => {
        event.preventDefault();
        event.stopPropagation();
        const password = new FormData(event.currentTarget).get('password');
        if (typeof password === 'string' && password !== '') prove.mutate(password);
      }}
    >
      <p className="flex items-start gap-2 text-sm font-medium text-wait">
        <ShieldCheck className="mt-0.5 size-4 shrink-0" aria-hidden />
        {t('proveHint')}
      </p>
      <Input label={t('password')} name="password" type="password" autoComplete="current-password" autoFocus required />
      {prove.isError && <Problem error={prove.error} />}
      <div>
        <Button type="submit" tone="primary" isBusy={prove.isPending}>
          {t('provePassword')}
        </Button>
      </div>
    </form>
  );
}
