'use client';

import { useTranslations } from 'use-intl';
import { Select } from '@/components/ui/field';
import { useLanguage } from '@/lib/i18n';
import { isLocale, LOCALES, type Locale } from '@/lib/locales';

/** Languages by their own names. */
export function LanguageSelect({ onChosen }: { onChosen?: (locale: Locale) => void }) {
  const t = useTranslations('common');
  const { locale, setLocale } = useLanguage();
  return (
    <Select
      label={t('language')}
      value={locale}
      onChange={(event) => {
        if (!isLocale(event.target.value)) return;
        setLocale(event.target.value);
        onChosen?.(event.target.value);
      }}
    >
      {Object.entries(LOCALES).map(([code, { name }]) => (
        <option key={code} value={code} lang={code}>
          {name}
        </option>
      ))}
    </Select>
  );
}
