'use client';

import { useTranslations } from 'use-intl';

/** In a dialog about what others decided meanwhile: why nothing can be sent any more. What was written in it stays, where there is something to write in. */
export function Over({ why, hasField = true }: { why: string | null; hasField?: boolean }) {
  const t = useTranslations('common');
  if (why === null) return null;
  return (
    <p role="alert" className="rounded-lg bg-wait-wash px-3 py-2 text-sm font-medium text-wait">
      {why}
      {hasField && ` ${t('writtenStays')}`}
    </p>
  );
}
