'use client';

import { LogOut } from 'lucide-react';
import { useRouter } from 'next/navigation';
import { useState } from 'react';
import { useTranslations } from 'use-intl';
import { LanguageSelect } from '@/components/language-select';
import { InItsPlace, later } from '@/components/later';
import { Page } from '@/components/shell/page';
import { Button } from '@/components/ui/button';
import { Facts } from '@/components/ui/card';
import { Segments } from '@/components/ui/segments';
import { Problem } from '@/components/ui/states';
import { answer, api, done } from '@/lib/api/client';
import { ownZone } from '@/lib/cron';
import { useFormats } from '@/lib/format';
import type { Locale } from '@/lib/locales';
import { may, useForget, useMe } from '@/lib/me';
import { useRoleNames } from '@/components/role-names';
import { isAt, look, turnOff } from '@/lib/push';
import { THEMES, useTheme } from '@/lib/theme';
import { useAddress } from '@/lib/url';
import { Notices } from './notices';
import { Part } from './part';
import { Passkeys } from './passkeys';
import { PasswordForm } from './password';
import { ProfileForm, useMeChange } from './profile-form';
import { SecondFactor } from './second-factor';
import { Sessions } from './sessions';
import { Tokens } from './tokens';

// What the installation is connected to is looked at seldom, and by few.
const Installation = later(() => import('./installation').then((loaded) => loaded.Installation), InItsPlace);

const SHOWN = ['own', 'installation'] as const;

/** One's own settings, and for those who answer for it what the installation is connected to. */
export function SettingsView() {
  const t = useTranslations('settings');
  const { get, set } = useAddress();
  const mayAll = may(useMe(), 'governance:read');
  const shown = mayAll ? (SHOWN.find((one) => one === get('show')) ?? 'own') : 'own';
  return (
    <Page
      title={t('title')}
      bar={
        mayAll ? (
          <Segments label={t('show')} options={SHOWN.map((value) => ({ value, label: t(`shown.${value}`) }))} value={shown} onChange={(value) => set({ show: value === 'own' ? '' : value })} />
        ) : undefined
      }
    >
      <div className="mx-auto grid w-full max-w-3xl grid-cols-1 gap-5 p-4 sm:p-6">
        {shown === 'installation' ? (
          <Installation />
        ) : (
          <>
            <Profile />
            <Looks />
            <Notices />
            <PasswordForm />
            <SecondFactor />
            <Passkeys />
            <Sessions />
            <Tokens />
          </>
        )}
      </div>
    </Page>
  );
}

function Profile() {
  const t = useTranslations('settings');
  const me = useMe();
  const roles = useRoleNames();
  const formats = useFormats();
  return (
    <Part title={me.display_name}>
      <Facts
        facts={[
          [t('email'), me.email],
          [t('organisation'), me.organisation],
          [t('roles'), me.roles.length === 0 ? t('noRoles') : formats.list(me.roles.map(roles))],
        ]}
      />
      <ProfileForm />
      <div className="mt-4">
        <SignOut />
      </div>
    </Part>
  );
}

async function leaveBrowser(): Promise<void> {
  const { endpoint } = await look();
  if (endpoint === null) return;
  const { items } = await answer(api.GET('/api/v1/me/push'));
  for (const browser of items.filter((one) => isAt(one, endpoint))) {
    await done(api.DELETE('/api/v1/me/push/{id}', { params: { path: { id: browser.push_subscription_id } } }));
  }
  await turnOff();
}

function SignOut() {
  const t = useTranslations('settings');
  const router = useRouter();
  const forget = useForget();
  const [isBusy, setIsBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const leave = async () => {
    setIsBusy(true);
    setError(null);
    try {
      // Whoever comes next to this browser is not told what waits for somebody else.
      await leaveBrowser().catch(() => undefined);
      await done(api.DELETE('/api/v1/session'));
      router.replace('/sign-in');
      forget();
    } catch (cause) {
      setError(cause);
      setIsBusy(false);
    }
  };
  return (
    <div className="grid justify-items-start gap-2">
      <Button isBusy={isBusy} onClick={() => void leave()}>
        <LogOut className="size-4 rtl:rotate-180" aria-hidden />
        {t('signOut')}
      </Button>
      {error !== null && <Problem error={error} />}
    </div>
  );
}

function Looks() {
  const t = useTranslations('settings');
  const { theme, setTheme } = useTheme();
  const me = useMe();
  const change = useMeChange();
  // Whoever never said by whose clock they live says it with their language.
  const tell = (locale: Locale) => change.mutate({ locale, ...(me.time_zone == null && { time_zone: ownZone() }) });
  return (
    <Part title={t('looks')} hint={t('looksHint')}>
      <div className="grid gap-4 sm:grid-cols-2">
        <LanguageSelect onChosen={tell} />
        <div className="grid content-start gap-1">
          <p className="text-sm font-medium" aria-hidden>
            {t('theme')}
          </p>
          <Segments label={t('theme')} options={THEMES.map((value) => ({ value, label: t(`themes.${value}`) }))} value={theme} onChange={setTheme} />
        </div>
      </div>
      {change.isError && <Problem error={change.error} />}
    </Part>
  );
}
