'use client';

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { BellRing } from 'lucide-react';
import { useEffect } from 'react';
import { useTranslations } from 'use-intl';
import { OfServer } from '@/components/of-server';
import { Badge, type BadgeTone } from '@/components/ui/badge';
import { Button } from '@/components/ui/button';
import { Choices } from '@/components/ui/choices';
import { Failed, Loading, Problem } from '@/components/ui/states';
import { Ago } from '@/components/ui/time';
import { useToast } from '@/components/ui/toast';
import { answer, api, done, idempotencyKey, type Schemas } from '@/lib/api/client';
import { useLanguage } from '@/lib/i18n';
import { notToldOf } from '@/lib/not-told';
import { deviceName, isAt, look, PushError, turnOff, turnOn } from '@/lib/push';
import { Part } from './part';

const LOOK_AGAIN_MS = 2_000;
const STATES = ['waiting', 'sent', 'moot', 'dead'] as const;
const MATTERS = ['hold', 'budget_hold', 'change', 'test'] as const;
const TONES: Record<(typeof STATES)[number], BadgeTone> = { waiting: 'wait', sent: 'good', moot: 'plain', dead: 'bad' };

/** How one is told that something waits: by mail, and in which browsers. */
export function Notices() {
  const t = useTranslations('settings.notices');
  const notices = useQuery({
    queryKey: ['notices'],
    queryFn: () => answer(api.GET('/api/v1/me/notices')),
    // What is under way arrives within seconds.
    refetchInterval: (query) => (query.state.data?.newest.some((one) => one.state === 'waiting' && one.tries === 0) === true ? LOOK_AGAIN_MS : false),
  });
  return (
    <Part title={t('title')} hint={t('hint')}>
      {notices.isPending && <Loading lines={3} className="px-0" />}
      {notices.isError && <Failed error={notices.error} onRetry={() => void notices.refetch()} />}
      {notices.data !== undefined && (
        <div className="grid gap-5">
          <Mail notices={notices.data} />
          <Browsers pushKey={notices.data.push_key ?? null} />
          <Test newest={notices.data.newest} />
        </div>
      )}
    </Part>
  );
}

function useWish() {
  const client = useQueryClient();
  const { locale } = useLanguage();
  return useMutation({
    mutationFn: (mail: boolean) => answer(api.PUT('/api/v1/me/notices', { body: { mail, language: locale } })),
    onSuccess: (now) => client.setQueryData(['notices'], now),
  });
}

function Mail({ notices }: { notices: Schemas['NoticesView'] }) {
  const t = useTranslations('settings.notices');
  const { locale } = useLanguage();
  const wish = useWish();
  const { mutate } = wish;
  // Messages speak the language that the reader reads here.
  useEffect(() => {
    if (notices.language !== locale) mutate(notices.mail);
  }, [notices.language, notices.mail, locale, mutate]);
  return (
    <div>
      <Choices
        label={t('mail')}
        options={[{ value: 'mail', label: notices.email, ...(notices.mail_available ? {} : { hint: t('mailOff') }) }]}
        value={notices.mail && notices.mail_available ? ['mail'] : []}
        forbidden={notices.mail_available ? null : t('mailOff')}
        onChange={(chosen) => wish.mutate(chosen.length > 0)}
      />
      {wish.isError && <Problem error={wish.error} />}
    </div>
  );
}

function Browsers({ pushKey }: { pushKey: string | null }) {
  const t = useTranslations('settings.notices');
  const toast = useToast();
  const client = useQueryClient();
  const browsers = useQuery({ queryKey: ['push'], queryFn: () => answer(api.GET('/api/v1/me/push')) });
  const here = useQuery({ queryKey: ['push', 'here'], queryFn: look });
  const endpoint = here.data?.endpoint ?? null;
  const mine = browsers.data?.items.find((one) => isAt(one, endpoint)) ?? null;
  // One that was removed elsewhere is off, whatever the browser keeps.
  const state = here.data?.state === 'on' && mine === null ? 'off' : (here.data?.state ?? 'off');
  const changed = async () => {
    await client.invalidateQueries({ queryKey: ['push'] });
  };
  const on = useMutation({
    mutationFn: async (key: string) => {
      const made = await turnOn(key);
      if (made === null) return null;
      return answer(api.POST('/api/v1/me/push', { params: { header: { 'Idempotency-Key': idempotencyKey() } }, body: { name: deviceName(navigator.userAgent), ...made } }));
    },
    onSuccess: (made) => {
      if (made !== null) toast(t('turnedOn'));
    },
    onSettled: changed,
  });
  const remove = useMutation({
    mutationFn: async (browser: Schemas['PushView']) => {
      await done(api.DELETE('/api/v1/me/push/{id}', { params: { path: { id: browser.push_subscription_id } } }));
      if (isAt(browser, endpoint)) await turnOff();
    },
    onSuccess: () => toast(t('removed')),
    onSettled: changed,
  });
  if (browsers.isPending || here.isPending) return <Loading lines={2} className="px-0" />;
  if (browsers.isError) return <Failed error={browsers.error} onRetry={() => void browsers.refetch()} />;
  const cannot = pushKey === null ? t('noKey') : state === 'on' || state === 'off' ? null : t(`cannot.${state}`);
  return (
    <div className="grid gap-2">
      <h3 className="text-sm font-medium">{t('browsers')}</h3>
      {browsers.data.items.length === 0 && <p className="text-sm text-soft">{t('none')}</p>}
      <ul className="divide-y divide-line">
        {browsers.data.items.map((browser) => (
          <li key={browser.push_subscription_id} className="flex items-center gap-3 py-2.5">
            <BellRing className="size-4 shrink-0 text-soft" aria-hidden />
            <div className="min-w-0 flex-1">
              <p className="flex flex-wrap items-center gap-2 text-sm font-medium">
                <bdi className="min-w-0 truncate">{browser.name}</bdi>
                {browser === mine && <Badge tone="accent">{t('thisOne')}</Badge>}
              </p>
              <p className="text-xs text-soft">
                {browser.used_at == null ? (
                  t('neverUsed')
                ) : (
                  <>
                    {t('used')} <Ago at={browser.used_at} />
                  </>
                )}
              </p>
            </div>
            <Button size="small" isBusy={remove.isPending && remove.variables === browser} aria-label={t('removeNamed', { name: browser.name })} onClick={() => remove.mutate(browser)}>
              {t('remove')}
            </Button>
          </li>
        ))}
      </ul>
      {remove.isError && <Problem error={remove.error} />}
      {mine === null && (
        <div className="grid justify-items-start gap-2">
          <Button
            size="small"
            forbidden={cannot}
            isBusy={on.isPending}
            onClick={() => {
              if (pushKey !== null) on.mutate(pushKey);
            }}
          >
            {t('turnOn')}
          </Button>
          {cannot !== null && <p className="text-sm text-soft">{cannot}</p>}
        </div>
      )}
      {on.isError && (on.error instanceof PushError ? <p role="alert" className="text-sm text-bad">{t('failed')}</p> : <Problem error={on.error} />)}
    </div>
  );
}

function Test({ newest }: { newest: Schemas['NoticeView'][] }) {
  const t = useTranslations('settings.notices');
  const toast = useToast();
  const client = useQueryClient();
  const test = useMutation({
    mutationFn: () => answer(api.POST('/api/v1/me/notices/test', { params: { header: { 'Idempotency-Key': idempotencyKey() } } })),
    onSuccess: async ({ notices }) => {
      toast(t('tested', { count: notices }));
      await client.invalidateQueries({ queryKey: ['notices'] });
    },
  });
  return (
    <div className="grid gap-2">
      {newest.length > 0 && (
        <>
          <h3 className="text-sm font-medium">{t('newest')}</h3>
          <ul className="grid gap-1.5">
            {newest.map((one) => (
              <Message key={one.notice_id} notice={one} />
            ))}
          </ul>
        </>
      )}
      <div>
        <Button size="small" isBusy={test.isPending} onClick={() => test.mutate()}>
          {t('test')}
        </Button>
      </div>
      {test.isError && <Problem error={test.error} />}
    </div>
  );
}

function Message({ notice }: { notice: Schemas['NoticeView'] }) {
  const t = useTranslations('settings.notices');
  const state = STATES.find((one) => one === notice.state) ?? 'waiting';
  const matter = MATTERS.find((one) => one === notice.matter) ?? 'test';
  const reasons = useTranslations('notTold');
  const reason = notToldOf(notice.reason);
  return (
    <li className="grid gap-0.5 text-sm">
      <p className="flex flex-wrap items-center gap-2">
        <Badge tone={TONES[state]}>{t(`state.${state}`)}</Badge>
        <span>{t(`matter.${matter}`)}</span>
        <span className="text-soft">
          {t(notice.channel === 'mail' ? 'byMail' : 'byPush')} · <Ago at={notice.done_at ?? notice.made_at} />
        </span>
      </p>
      {notice.why != null && (state === 'waiting' || state === 'dead') && (
        <>
          {reason !== null && <p className="text-xs text-soft">{reasons(reason)}</p>}
          <OfServer words={notice.why} />
        </>
      )}
    </li>
  );
}
