'use client';

import { useTranslations } from 'use-intl';
import { useFormats } from '@/lib/format';
import { useRoleNames } from './role-names';

/** Who would have to agree, in words: “owner, or manager and finance”. */
export function useNeedsText(): (needs: string[][]) => string {
  const t = useTranslations('hold');
  const roles = useRoleNames();
  const formats = useFormats();
  return (needs) => (needs.length === 0 ? t('nobodyCan') : formats.list(needs.map((set) => formats.list(set.map(roles))), 'disjunction'));
}
