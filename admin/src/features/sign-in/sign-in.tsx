'use client';

import { useQuery } from '@tanstack/react-query';
import { Fingerprint, LogIn } from 'lucide-react';
import { useRouter, useSearchParams } from 'next/navigation';
import { useEffect, useEffectEvent, useLayoutEffect, useState, useSyncExternalStore } from 'react';
import { useTranslations } from 'use-intl';
import { CodeInput, isWrongCode } from '@/components/code-input';
import { Mark } from '@/components/shell/mark';
import { Button } from '@/components/ui/button';
import { Input } from '@/components/ui/field';
import { LanguageSelect } from '@/components/language-select';
import { Problem } from '@/components/ui/states';
import { answer, api, type Schemas } from '@/lib/api/client';
import { isSignedOut, problemOf, stepUpOf } from '@/lib/api/problem';
import { givePasskey, hasPasskeys, PasskeyError } from '@/lib/passkey';
import { useForget } from '@/lib/me';
import { safeNext } from '@/lib/safe-next';
import { goToProvider, takeAnswer, takeNext, ticketFor, type ProviderAnswer } from './provider';

/** The secret of a one-time link stands after `#`, which browsers send to no server. It leaves the address bar before anything else. */
function takeLink(): string | null {
  const link = new URLSearchParams(window.location.hash.slice(1)).get('token');
  if (link !== null) window.history.replaceState(null, '', `${window.location.pathname}${window.location.search}`);
  return link;
}

export function SignIn() {
  const t = useTranslations('signIn');
  const factor = useTranslations('factor');
  const router = useRouter();
  const next = safeNext(useSearchParams().get('next'));
  const forget = useForget();
  const [link, setLink] = useState<string | null>(null);
  const [isBusy, setIsBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  // What was right so far, for as long as the second factor is asked for; it is nowhere else.
  const [wanted, setWanted] = useState<readonly string[]>([]);
  const [half, setHalf] = useState<Schemas['SignIn'] | null>(null);
  const provider = useQuery({ queryKey: ['provider'], queryFn: () => answer(api.GET('/api/v1/session/oidc')), staleTime: Infinity });
  const name = provider.data?.name ?? null;

  useEffect(() => {
    document.title = `${t('title')} · Steward`;
  }, [t]);
  // Before anything is painted: whoever comes with a link never sees the other form.
  useLayoutEffect(() => {
    const take = () => {
      const taken = takeLink();
      if (taken !== null) setLink(taken);
    };
    take();
    // Another link opened in this tab changes the part after `#` only, and loads nothing by itself.
    window.addEventListener('hashchange', take);
    return () => {
      window.removeEventListener('hashchange', take);
    };
  }, []);

  const signIn = async (body: Schemas['SignIn'], to = next) => {
    setIsBusy(true);
    setError(null);
    try {
      const me = await answer(api.POST('/api/v1/session', { body }));
      // Whoever was here before leaves nothing behind.
      forget(me);
      router.replace(to);
    } catch (cause) {
      const missing = stepUpOf(cause);
      if (missing !== null) {
        setHalf(body);
        setWanted(missing.factors);
      }
      else setError(cause);
      setIsBusy(false);
    }
  };
  const byPasskey = async () => {
    setIsBusy(true);
    setError(null);
    try {
      const passkey = await givePasskey(await answer(api.POST('/api/v1/session/passkey')));
      await signIn({ passkey });
    } catch (cause) {
      setError(cause);
      setIsBusy(false);
    }
  };
  const byProvider = async () => {
    setIsBusy(true);
    setError(null);
    try {
      await goToProvider(next);
    } catch (cause) {
      setError(cause);
      setIsBusy(false);
    }
  };
  // Back from the provider: what it said counts once, so it is taken once, whatever is shown meanwhile.
  const backFrom = useEffectEvent(async (said: ProviderAnswer) => {
    setIsBusy(true);
    try {
      await signIn({ ticket: await ticketFor(said) }, safeNext(takeNext()));
    } catch (cause) {
      setError(cause);
      setIsBusy(false);
    }
  });
  useEffect(() => {
    const said = takeAnswer();
    if (said === 'refused') queueMicrotask(() => setError(NOT_THERE));
    else if (said !== null) queueMicrotask(() => void backFrom(said));
  }, []);
  const startOver = () => {
    setHalf(null);
    setError(null);
  };

  return (
    <main className="mx-auto grid min-h-dvh w-full max-w-sm content-center gap-6 px-5 py-10">
      <div className="grid gap-3">
        <Mark className="size-10 text-accent" />
        <h1 className="text-2xl font-semibold">{t('title')}</h1>
      </div>
      {half !== null ? (
        <form
          className="grid gap-4"
          onSubmit={(event) => {
            event.preventDefault();
            const code = new FormData(event.currentTarget).get('code');
            if (typeof code === 'string' && code.trim() !== '') void signIn({ ...half, code });
          }}
        >
          <p className="text-soft">{factor('signIn')}</p>
          {wanted.includes('passkey') && <PasskeyButton isBusy={isBusy} onClick={() => void byPasskey()} />}
          <CodeInput hint={factor('hint')} error={isWrongCode(error) ? factor('wrong') : null} hasFocus />
          {error !== null && !isWrongCode(error) && <Why error={error} refused={t('passwordRefused')} />}
          <Button type="submit" tone="primary" isBusy={isBusy} className="w-full">
            {t('submit')}
          </Button>
          <Button tone="plain" onClick={startOver}>
            {factor('startOver')}
          </Button>
        </form>
      ) : link !== null ? (
        <form
          className="grid gap-4"
          onSubmit={(event) => {
            event.preventDefault();
            void signIn({ link });
          }}
        >
          <p className="text-soft">{t('withLink')}</p>
          <Button type="submit" tone="primary" isBusy={isBusy} className="w-full">
            {t('useLink')}
          </Button>
          {error !== null && (isSignedOut(error) ? <Refused text={t('linkRefused')} /> : <Problem error={error} />)}
          <Button
            tone="plain"
            onClick={() => {
              setLink(null);
              setError(null);
            }}
          >
            {t('usePassword')}
          </Button>
        </form>
      ) : (
        <form
          className="grid gap-4"
          onSubmit={(event) => {
            event.preventDefault();
            const form = new FormData(event.currentTarget);
            const text = (name: string) => {
              const value = form.get(name);
              return typeof value === 'string' ? value : '';
            };
            void signIn({ email: text('email'), password: text('password') });
          }}
        >
          <Input label={t('email')} name="email" type="email" autoComplete="username" required />
          <Input label={t('password')} name="password" type="password" autoComplete="current-password" required />
          {error !== null && <Why error={error} refused={t('passwordRefused')} provider={name} />}
          <Button type="submit" tone="primary" isBusy={isBusy} className="w-full">
            {t('submit')}
          </Button>
          <PasskeyButton isBusy={isBusy} onClick={() => void byPasskey()} />
          {name !== null && (
            <Button isBusy={isBusy} onClick={() => void byProvider()} className="w-full">
              <LogIn className="size-4 rtl:-scale-x-100" aria-hidden />
              {t('atProvider', { name })}
            </Button>
          )}
          <p className="text-sm text-soft">{t('noPassword')}</p>
        </form>
      )}
      <div className="border-t border-line pt-4">
        <LanguageSelect />
      </div>
    </main>
  );
}

/** A passkey needs no name and no password: the device says who is there. */
function PasskeyButton({ isBusy, onClick }: { isBusy: boolean; onClick: () => void }) {
  const t = useTranslations('signIn');
  // Known only in the browser: the page is made without one.
  const isOffered = useSyncExternalStore(nothingChanges, hasPasskeys, () => false);
  if (!isOffered) return null;
  return (
    <Button isBusy={isBusy} onClick={onClick} className="w-full">
      <Fingerprint className="size-4" aria-hidden />
      {t('passkey')}
    </Button>
  );
}

function nothingChanges() {
  return () => {};
}

/** The provider sent the browser back without an answer. */
const NOT_THERE = Symbol('not there');

function Why({ error, refused, provider = null }: { error: unknown; refused: string; provider?: string | null }) {
  const t = useTranslations('factor');
  const words = useTranslations('signIn');
  const code = problemOf(error)?.code;
  if (error === NOT_THERE || code === 'denied') return <Refused text={words('providerRefused', { name: provider ?? '' })} />;
  if (code === 'identity_unknown') return <Refused text={words('providerUnknown', { name: provider ?? '' })} />;
  if (error instanceof PasskeyError) return <Refused text={t('notRecognised')} />;
  return isSignedOut(error) ? <Refused text={refused} /> : <Problem error={error} />;
}

function Refused({ text }: { text: string }) {
  return (
    <p role="alert" className="rounded-lg bg-bad-wash px-3 py-2 text-sm font-medium text-bad">
      {text}
    </p>
  );
}
