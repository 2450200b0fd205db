'use client';

import { useCallback, useEffect, useRef, useState } from 'react';
import { Button } from '@/components/ui/button';
import { LanguageContext, loadWords, preferredLocale, Words, type Messages } from '@/lib/i18n';
import { LOCALES, type Locale } from '@/lib/locales';
import { pursue, type Pursuit } from '@/lib/pursue';
import { remember } from '@/lib/remember';
import { WORDS_LOST } from '@/lib/words-lost';

/** Words come as one file a language; nothing is shown before they are there, so nothing is shown in the wrong language. Words that are lost on the way are asked for again. */
export function LanguageProvider({ children }: { children: React.ReactNode }) {
  const [now, setNow] = useState<{ locale: Locale; messages: Messages } | null>(null);
  const [isLost, setIsLost] = useState(false);
  const asked = useRef<Pursuit | null>(null);
  const show = useCallback((locale: Locale) => {
    asked.current?.end();
    asked.current = pursue(
      loadWords[locale],
      ({ default: messages }) => {
        document.documentElement.lang = locale;
        document.documentElement.dir = LOCALES[locale].direction;
        setNow({ locale, messages });
      },
      () => setIsLost(true),
    );
  }, []);
  useEffect(() => {
    show(preferredLocale());
    return () => asked.current?.end();
  }, [show]);
  const setLocale = useCallback(
    (locale: Locale) => {
      remember('locale', locale);
      show(locale);
    },
    [show],
  );
  // Another language that does not come leaves the page in the one it has.
  if (now === null) return isLost ? <WordsLost locale={preferredLocale()} onRetry={() => asked.current?.again()} /> : null;
  return (
    <LanguageContext.Provider value={{ locale: now.locale, setLocale, messages: now.messages }}>
      <Words locale={now.locale} messages={now.messages}>
        {children}
      </Words>
    </LanguageContext.Provider>
  );
}

/** Stands in for the whole page while there are no words for it. */
function WordsLost({ locale, onRetry }: { locale: Locale; onRetry: () => void }) {
  const { said, retry } = WORDS_LOST[locale];
  return (
    <main className="grid min-h-dvh place-content-center justify-items-center gap-3 p-6 text-center">
      <div role="alert">
        <h1 className="font-semibold">{said}</h1>
      </div>
      <Button onClick={onRetry}>{retry}</Button>
    </main>
  );
}
