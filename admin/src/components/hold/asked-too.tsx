'use client';

import { useTranslations } from 'use-intl';
import { useRoleNames } from '@/components/role-names';
import { Ago } from '@/components/ui/time';
import { useFormats } from '@/lib/format';
import type { Hold } from './use-hold';

/** Who was asked too since nobody had decided, and since when. */
export function AskedToo({ hold }: { hold: Hold }) {
  const t = useTranslations('hold');
  const roles = useRoleNames();
  const formats = useFormats();
  if (hold.escalated.length === 0) return null;
  return (
    <ul className="grid gap-1 text-sm">
      {hold.escalated.map((step) => (
        <li key={`${step.at} ${step.roles.join()}`}>
          <span className="font-medium text-wait">{t('askedToo', { roles: formats.list(step.roles.map(roles)) })}</span>{' '}
          <span className="text-soft">
            {t('askedAfter', { count: step.after_minutes })} · <Ago at={step.at} />
          </span>
        </li>
      ))}
    </ul>
  );
}
