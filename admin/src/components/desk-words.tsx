'use client';

import { useEffect, useRef, useState } from 'react';
import { useTranslations } from 'use-intl';
import { Dialog } from '@/components/ui/dialog';
import { Failed } from '@/components/ui/states';
import { AwayError } from '@/lib/api/problem';
import { loadDeskWords, useLanguage, Words, type DeskMessages } from '@/lib/i18n';
import type { Locale } from '@/lib/locales';
import { pursue, type Pursuit } from '@/lib/pursue';

interface DeskWordsProps {
  children: React.ReactNode;
  /** How what stands inside is closed, where that is a dialog: that its words are lost is said in one too. */
  onClose?: () => void;
}

/** The words of the pages for records and rules, which chat and decisions do without: they come with those pages only. */
export function DeskWords({ children, onClose }: DeskWordsProps) {
  const t = useTranslations('common');
  const { locale, messages } = useLanguage();
  const [desk, setDesk] = useState<{ locale: Locale; messages: DeskMessages } | null>(null);
  const [lost, setLost] = useState<{ locale: Locale; error: AwayError } | null>(null);
  const asked = useRef<Pursuit | null>(null);
  useEffect(() => {
    const pursuit = pursue(
      loadDeskWords[locale],
      (loaded) => setDesk({ locale, messages: loaded.default }),
      (cause) => setLost({ locale, error: new AwayError({ cause }) }),
    );
    asked.current = pursuit;
    return () => pursuit.end();
  }, [locale]);
  if (messages !== null && desk?.locale === locale) {
    return (
      <Words locale={locale} messages={{ ...messages, ...desk.messages }}>
        {children}
      </Words>
    );
  }
  if (lost?.locale !== locale) return null;
  const failed = <Failed error={lost.error} onRetry={() => asked.current?.again()} />;
  return onClose === undefined ? (
    failed
  ) : (
    <Dialog title={t('failed')} onClose={onClose}>
      {failed}
    </Dialog>
  );
}
