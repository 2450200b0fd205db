'use client';

import { createContext, useContext } from 'react';
import { IntlProvider } from 'use-intl';
import type source from '@/messages/en.json';
import type house from '@/messages/house/en.json';
import type keyboard from '@/messages/keyboard/en.json';
import type office from '@/messages/office/en.json';
import type rules from '@/messages/rules/en.json';
import type watch from '@/messages/watch/en.json';
import { isLocale, type Locale } from './locales';
import { recall } from './remember';

export type Messages = typeof source;

/** The words of each group of pages, or of what opens over a page: they come with these only. */
interface GroupMessages {
  house: typeof house;
  keyboard: typeof keyboard;
  office: typeof office;
  rules: typeof rules;
  watch: typeof watch;
}

export type Group = keyof GroupMessages;

declare module 'use-intl' {
  interface AppConfig {
    Messages: Messages & GroupMessages['house'] & GroupMessages['keyboard'] & GroupMessages['office'] & GroupMessages['rules'] & GroupMessages['watch'];
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

/** Brings the words of a group. */
export const loadGroupWords: { [G in Group]: Record<Locale, () => Promise<{ default: GroupMessages[G] }>> } = {
  house: {
    en: () => import('@/messages/house/en.json'),
    es: () => import('@/messages/house/es.json'),
    ar: () => import('@/messages/house/ar.json'),
    ne: () => import('@/messages/house/ne.json'),
  },
  keyboard: {
    en: () => import('@/messages/keyboard/en.json'),
    es: () => import('@/messages/keyboard/es.json'),
    ar: () => import('@/messages/keyboard/ar.json'),
    ne: () => import('@/messages/keyboard/ne.json'),
  },
  office: {
    en: () => import('@/messages/office/en.json'),
    es: () => import('@/messages/office/es.json'),
    ar: () => import('@/messages/office/ar.json'),
    ne: () => import('@/messages/office/ne.json'),
  },
  rules: {
    en: () => import('@/messages/rules/en.json'),
    es: () => import('@/messages/rules/es.json'),
    ar: () => import('@/messages/rules/ar.json'),
    ne: () => import('@/messages/rules/ne.json'),
  },
  watch: {
    en: () => import('@/messages/watch/en.json'),
    es: () => import('@/messages/watch/es.json'),
    ar: () => import('@/messages/watch/ar.json'),
    ne: () => import('@/messages/watch/ne.json'),
  },
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
export function Words({ locale, messages, children }: { locale: Locale; messages: Messages & Partial<GroupMessages[Group]>; children: React.ReactNode }) {
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
