'use client';

import { useTranslations } from 'use-intl';

/** In a dialog about what others decided meanwhile: why nothing can be sent any more. What was written in it stays. */
export function Over({ why }: { why: string | null }) {
  const t = useTranslations('common');
  if (why === null) return null;
  return (
    <p role="alert" className="rounded-lg bg-wait-wash px-3 py-2 text-sm font-medium text-wait">
      {why} {t('writtenStays')}
    </p>
  );
}
