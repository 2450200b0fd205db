import { useTranslations } from 'use-intl';

/** What the server wrote, in its own words: a detail for whoever looks into it. */
export function OfServer({ words }: { words: string }) {
  const t = useTranslations('common');
  if (words === '') return null;
  return (
    <details className="text-xs text-soft">
      <summary>{t('ofServer')}</summary>
      <p lang="en" dir="auto" className="mt-0.5 wrap-anywhere">
        {words}
      </p>
    </details>
  );
}
