/** The languages there are, by their own names. */
export const LOCALES = {
  en: { name: 'English', direction: 'ltr' },
  es: { name: 'Español', direction: 'ltr' },
  ar: { name: 'العربية', direction: 'rtl' },
  ne: { name: 'नेपाली', direction: 'ltr' },
} as const;

export type Locale = keyof typeof LOCALES;

export function isLocale(text: string): text is Locale {
  return text in LOCALES;
}
