'use client';

import { useTranslations } from 'use-intl';

export const ROLES = ['owner', 'manager', 'finance', 'support', 'auditor'] as const;

/** A role's name in the reader's language; a role these pages do not know by its own word. */
export function useRoleNames(): (role: string) => string {
  const t = useTranslations('role');
  return (role) => {
    const known = ROLES.find((one) => one === role);
    return known === undefined ? role : t(known);
  };
}
