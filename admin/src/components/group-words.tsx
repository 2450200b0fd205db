'use client';

import { useEffect, useRef, useState } from 'react';
import { useTranslations } from 'use-intl';
import { Dialog } from '@/components/ui/dialog';
import { Failed } from '@/components/ui/states';
import { AwayError } from '@/lib/api/problem';
import { loadGroupWords, useLanguage, Words, type Group } from '@/lib/i18n';
import type { Locale } from '@/lib/locales';
import { pursue, type Pursuit } from '@/lib/pursue';

interface GroupWordsProps {
  group: Group;
  children: React.ReactNode;
  /** How what stands inside is closed, where that is a dialog: that its words are lost is said in one too. */
  onClose?: () => void;
}

/** The words of some pages, which others do without: they come with those pages only. */
export function GroupWords({ group, children, onClose }: GroupWordsProps) {
  const t = useTranslations('common');
  const { locale, messages } = useLanguage();
  const [own, setOwn] = useState<{ locale: Locale; messages: object } | null>(null);
  const [lost, setLost] = useState<{ locale: Locale; error: AwayError } | null>(null);
  const asked = useRef<Pursuit | null>(null);
  useEffect(() => {
    const pursuit = pursue<{ default: object }>(
      loadGroupWords[group][locale],
      (loaded) => setOwn({ locale, messages: loaded.default }),
      (cause) => setLost({ locale, error: new AwayError({ cause }) }),
    );
    asked.current = pursuit;
    return () => pursuit.end();
  }, [group, locale]);
  if (messages !== null && own?.locale === locale) {
    return (
      <Words locale={locale} messages={{ ...messages, ...own.messages }}>
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
