'use client';

import { createContext, useContext } from 'react';
import { IntlProvider } from 'use-intl';
import type source from '@/messages/en.json';
import type deskSource from '@/messages/desk/en.json';
import { isLocale, type Locale } from './locales';
import { recall } from './remember';

export type Messages = typeof source;
export type DeskMessages = typeof deskSource;

declare module 'use-intl' {
  interface AppConfig {
    Messages: Messages & DeskMessages;
    Locale: Locale;
  }
}

/** Brings the words that every page needs. A try that failed can be made again. */
export const loadWords: Record<Locale, () => Promise<{ default: Messages }>> = {
  en: () => import('@/messages/en.json'),
  es: () => import('@/messages/es.json'),
  ar: () => import('@/messages/ar.json'),
  ne: () => import('@/messages/ne.json'),
};

/** Brings the words of the pages for records and rules. */
export const loadDeskWords: Record<Locale, () => Promise<{ default: DeskMessages }>> = {
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

export const LanguageContext = createContext<Language>({ locale: 'en', setLocale: () => undefined, messages: null });

/** The language of these pages, and the way to another. */
export function useLanguage(): Language {
  return useContext(LanguageContext);
}

/** The language chosen here before, or the first of the browser's that there is. */
export function preferredLocale(): Locale {
  const wanted = [recall('locale'), ...navigator.languages.map((tag) => tag.slice(0, 2))];
  return wanted.find((one): one is Locale => one !== null && isLocale(one)) ?? 'en';
}

/** Has what stands inside speak a language. */
export function Words({ locale, messages, children }: { locale: Locale; messages: Messages | (Messages & DeskMessages); children: React.ReactNode }) {
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
