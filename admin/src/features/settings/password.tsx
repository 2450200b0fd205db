'use client';

import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslations } from 'use-intl';
import { Button } from '@/components/ui/button';
import { Input } from '@/components/ui/field';
import { Problem } from '@/components/ui/states';
import { useToast } from '@/components/ui/toast';
import { answer, api } from '@/lib/api/client';
import { problemOf } from '@/lib/api/problem';
import { useMe } from '@/lib/me';
import { Part } from './part';

/** The server takes no shorter one. */
const LETTERS_MIN = 12;

export function PasswordForm() {
  const t = useTranslations('settings');
  const me = useMe();
  const client = useQueryClient();
  const toast = useToast();
  const [isBusy, setIsBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const [isAskedFor, setIsAskedFor] = useState(false);
  // Whoever came by a link has proved who they are while it is new; everyone else says the password so far.
  const needsCurrent = isAskedFor || (me.has_password && me.method !== 'link');

  const change = async (form: HTMLFormElement) => {
    const data = new FormData(form);
    const [current, next] = [data.get('current'), data.get('new')];
    if (typeof next !== 'string') return;
    setIsBusy(true);
    setError(null);
    try {
      await answer(api.PUT('/api/v1/me/password', { body: { new: next, current: typeof current === 'string' ? current : null } }));
      form.reset();
      setIsAskedFor(false);
      toast(t('passwordSet'));
      await client.invalidateQueries({ queryKey: ['me'] });
      await client.invalidateQueries({ queryKey: ['sessions'] });
    } catch (cause) {
      setError(cause);
      if (problemOf(cause)?.fields.some((field) => field.path === '/current') === true) setIsAskedFor(true);
    }
    setIsBusy(false);
  };

  return (
    <Part title={t('password')} hint={t('passwordHint')}>
      <form
        className="grid max-w-sm gap-3"
        onSubmit={(event) => {
          event.preventDefault();
          void change(event.currentTarget);
        }}
      >
        <input type="text" name="username" autoComplete="username" defaultValue={me.email} hidden readOnly />
        {needsCurrent && <Input label={t('currentPassword')} name="current" type="password" autoComplete="current-password" required />}
        <Input label={t('newPassword')} hint={t('newPasswordHint', { count: LETTERS_MIN })} name="new" type="password" autoComplete="new-password" minLength={LETTERS_MIN} required />
        {error !== null && <Problem error={error} />}
        <div>
          <Button type="submit" isBusy={isBusy}>
            {t('setPassword')}
          </Button>
        </div>
      </form>
    </Part>
  );
}
