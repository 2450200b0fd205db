'use client';

import { useTranslations } from 'use-intl';
import { subjectOf } from '@/lib/change';

/** What a change is of, in words. */
export function useSubjectText(): (change: { kind: string; subject: string }) => string {
  const t = useTranslations('changes.of');
  return (change) => {
    const { kind, name } = subjectOf(change);
    return kind === 'rules' ? t('rules') : kind === 'other' ? name : t(kind, { name });
  };
}
