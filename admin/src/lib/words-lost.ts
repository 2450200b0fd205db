import type { Locale } from './locales';

/** What a page says whose words did not come: `common.unreachable` and `common.retry`, which have to be there before any message is. */
export const WORDS_LOST: Record<Locale, { said: string; retry: string }> = {
  en: { said: 'The server does not answer', retry: 'Try again' },
  es: { said: 'El servidor no responde', retry: 'Intentar de nuevo' },
  ar: { said: 'الخادم لا يستجيب', retry: 'حاول مرة أخرى' },
  ne: { said: 'सर्भरले जवाफ दिँदैन', retry: 'फेरि प्रयास गर्नुहोस्' },
};
