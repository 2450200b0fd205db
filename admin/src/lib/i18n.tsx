'use client';

import { createContext, useCallback, useContext, useEffect, useState } from 'react';
import { IntlProvider } from 'use-intl';
import type source from '@/messages/en.json';
import type deskSource from '@/messages/desk/en.json';
import { isLocale, LOCALES, type Locale } from './locales';
import { remember, recall } from './remember';

type Messages = typeof source;
type DeskMessages = typeof deskSource;

declare module 'use-intl' {
  interface AppConfig {
    Messages: Messages & DeskMessages;
    Locale: Locale;
  }
}

const load: Record<Locale, () => Promise<{ default: Messages }>> = {
  en: () => import('@/messages/en.json'),
  es: () => import('@/messages/es.json'),
  ar: () => import('@/messages/ar.json'),
  ne: () => import('@/messages/ne.json'),
};

const loadDesk: Record<Locale, () => Promise<{ default: DeskMessages }>> = {
  en: () => import('@/messages/desk/en.json'),
  es: () => import('@/messages/desk/es.json'),
  ar: () => import('@/messages/desk/ar.json'),
  ne: () => import('@/messages/desk/ne.json'),
};

interface Language {
  locale: Locale;
  setLocale: (locale: Locale) => void;
  messages: Messages | null;
}

const LanguageContext = createContext<Language>({ locale: 'en', setLocale: () => undefined, messages: null });

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
    <LanguageContext.Provider value={{ locale: now.locale, setLocale, messages: now.messages }}>
      <Words locale={now.locale} messages={now.messages}>
        {children}
      </Words>
    </LanguageContext.Provider>
  );
}

/** The words of the pages for records and rules, which chat and decisions do without: they come with those pages only. */
export function DeskWords({ children }: { children: React.ReactNode }) {
  const { locale, messages } = useLanguage();
  const [desk, setDesk] = useState<{ locale: Locale; messages: DeskMessages } | null>(null);
  useEffect(() => {
    let isCurrent = true;
    void loadDesk[locale]().then((loaded) => {
      if (isCurrent) setDesk({ locale, messages: loaded.default });
    });
    return () => {
      isCurrent = false;
    };
  }, [locale]);
  if (messages === null || desk?.locale !== locale) return null;
  return (
    <Words locale={locale} messages={{ ...messages, ...desk.messages }}>
      {children}
    </Words>
  );
}

function Words({ locale, messages, children }: { locale: Locale; messages: Messages | (Messages & DeskMessages); children: React.ReactNode }) {
  return (
    <IntlProvider locale={locale} messages={messages} timeZone={Intl.DateTimeFormat().resolvedOptions().timeZone} onError={raise}>
      {children}
    </IntlProvider>
  );
}

/** A message that cannot be shown is a fault, not a gap: builds check that there is none. */
function raise(error: Error): void {
  throw error;
}
