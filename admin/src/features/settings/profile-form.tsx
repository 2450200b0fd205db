'use client';

import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useTranslations } from 'use-intl';
import { Button } from '@/components/ui/button';
import { Input, Select } from '@/components/ui/field';
import { Problem } from '@/components/ui/states';
import { useToast } from '@/components/ui/toast';
import { answer, api, type Schemas } from '@/lib/api/client';
import { ownZone, zones } from '@/lib/cron';
import { useLanguage } from '@/lib/i18n';
import { heardOfMe, useMe } from '@/lib/me';

/** The server takes no longer one. */
const LETTERS_MAX = 200;

/** Says something of oneself. */
export function useMeChange() {
  const client = useQueryClient();
  return useMutation({
    // One after the other: of two quick choices the later counts.
    scope: { id: 'me' },
    mutationFn: (change: Schemas['MeChange']) => answer(api.PATCH('/api/v1/me', { body: change })),
    onSuccess: (me) => client.setQueryData(['me'], heardOfMe(client, me)),
  });
}

/** What one is called, and by whose clock one lives. */
export function ProfileForm() {
  const t = useTranslations('settings');
  const me = useMe();
  const toast = useToast();
  const { locale } = useLanguage();
  const change = useMeChange();
  // What was never said is the browser's, until it is saved.
  const zone = me.time_zone ?? ownZone();
  const save = (form: HTMLFormElement) => {
    const data = new FormData(form);
    const [name, chosen] = [data.get('display_name'), data.get('time_zone')];
    if (typeof name !== 'string' || typeof chosen !== 'string') return;
    // What is as it was is not said again: it may have been changed elsewhere meanwhile.
    const changed = { ...(name !== me.display_name && { display_name: name }), ...(chosen !== me.time_zone && { time_zone: chosen }), ...(me.locale == null && { locale }) };
    change.mutate(changed, { onSuccess: () => toast(t('profileSaved')) });
  };
  return (
    <form
      className="mt-4 grid max-w-sm gap-3"
      onSubmit={(event) => {
        event.preventDefault();
        save(event.currentTarget);
      }}
    >
      <Input label={t('yourName')} name="display_name" autoComplete="name" defaultValue={me.display_name} maxLength={LETTERS_MAX} required />
      <Select label={t('timeZone')} hint={t('timeZoneHint')} name="time_zone" defaultValue={zone}>
        {zones(zone).map((name) => (
          <option key={name} value={name}>
            {name}
          </option>
        ))}
      </Select>
      {change.isError && <Problem error={change.error} />}
      <div>
        <Button type="submit" isBusy={change.isPending}>
          {t('saveProfile')}
        </Button>
      </div>
    </form>
  );
}
