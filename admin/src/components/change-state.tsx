'use client';

import { useTranslations } from 'use-intl';
import { Badge, type BadgeTone } from '@/components/ui/badge';
import { STATES, type Change } from '@/lib/change';

const TONES: Record<(typeof STATES)[number], BadgeTone> = { proposed: 'wait', approved: 'good', rejected: 'bad', withdrawn: 'plain' };

/** Where a proposal stands. One that cannot be approved any more says so. */
export function ChangeState({ change }: { change: Change }) {
  const t = useTranslations('changes.state');
  if (change.is_stale) return <Badge tone="bad">{t('stale')}</Badge>;
  const known = STATES.find((one) => one === change.state);
  if (known === undefined) return <Badge>{change.state}</Badge>;
  if (known === 'proposed' && !change.sound) return <Badge tone="bad">{t('unsound')}</Badge>;
  return <Badge tone={TONES[known]}>{t(known)}</Badge>;
}
