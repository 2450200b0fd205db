'use client';

import { createContext, useCallback, useContext, useEffect, useState } from 'react';
import { IntlProvider } from 'use-intl';
import type source from '@/messages/en.json';
import { isLocale, LOCALES, type Locale } from './locales';
import { remember, recall } from './remember';

type Messages = typeof source;

declare module 'use-intl' {
  interface AppConfig {
    Messages: Messages;
    Locale: Locale;
  }
}

const load: Record<Locale, () => Promise<{ default: Messages }>> = {
  en: () => import('@/messages/en.json'),
  es: () => import('@/messages/es.json'),
  ar: () => import('@/messages/ar.json'),
  ne: () => import('@/messages/ne.json'),
};

interface Language {
  locale: Locale;
  setLocale: (locale: Locale) => void;
}

const LanguageContext = createContext<Language>({ locale: 'en', setLocale: () => undefined });

/** The language of these pages, and the way to another. */
export function useLanguage(): Language {
  return useContext(LanguageContext);
}

/** The language chosen here before, or the first of the browser's that there is. */
function preferred(): Locale {
  const wanted = [recall('locale'), ...navigator.languages.map((tag) => tag.slice(0, 2))];
  return wanted.find((one): one is Locale => one !== null && isLocale(one)) ?? 'en';
}

/** Words come as one file a language; nothing is shown before they are there, so nothing is shown in the wrong language. */
export function LanguageProvider({ children }: { children: React.ReactNode }) {
  const [now, setNow] = useState<{ locale: Locale; messages: Messages } | null>(null);
  const show = useCallback((locale: Locale) => {
    void load[locale]().then(({ default: messages }) => {
      document.documentElement.lang = locale;
      document.documentElement.dir = LOCALES[locale].direction;
      setNow({ locale, messages });
    });
  }, []);
  useEffect(() => {
    show(preferred());
  }, [show]);
  const setLocale = useCallback(
    (locale: Locale) => {
      remember('locale', locale);
      show(locale);
    },
    [show],
  );
  if (now === null) return null;
  return (
    <LanguageContext.Provider value={{ locale: now.locale, setLocale }}>
      <IntlProvider locale={now.locale} messages={now.messages} timeZone={Intl.DateTimeFormat().resolvedOptions().timeZone} onError={raise}>
        {children}
      </IntlProvider>
    </LanguageContext.Provider>
  );
}

/** A message that cannot be shown is a fault, not a gap: builds check that there is none. */
function raise(error: Error): void {
  throw error;
}
