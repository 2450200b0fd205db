'use client';

import { useTranslations } from 'use-intl';
import { Badge } from '@/components/ui/badge';
import type { Schemas } from '@/lib/api/client';
import { useFormats } from '@/lib/format';

type Person = Schemas['PersonView'];

/** That somebody was let in and has not come. Nothing about those who came, or who were shut out. */
export function ArrivalBadge({ person }: { person: Person }) {
  const t = useTranslations('people');
  if (person.has_signed_in || person.disabled_at != null) return null;
  return person.invited_until == null ? <Badge tone="bad">{t('arrival.never')}</Badge> : <Badge tone="wait">{t('arrival.invited')}</Badge>;
}

/** The same with what follows from it. */
export function Arrival({ person }: { person: Person }) {
  const t = useTranslations('people');
  const formats = useFormats();
  if (person.has_signed_in || person.disabled_at != null) return null;
  return (
    <>
      {' '}
      <ArrivalBadge person={person} /> <span className="text-soft">{person.invited_until == null ? t('neverHint') : t('openUntil', { at: formats.exact(person.invited_until) })}</span>
    </>
  );
}
