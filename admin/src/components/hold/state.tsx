'use client';

import { useTranslations } from 'use-intl';
import { Badge, type BadgeTone } from '@/components/ui/badge';

const STATES = ['held', 'approved', 'rejected', 'expired', 'cancelled', 'edited', 'revised', 'claimed', 'done', 'failed', 'unknown'] as const;
type State = (typeof STATES)[number];

const TONES: Record<State, BadgeTone> = {
  held: 'wait',
  approved: 'accent',
  rejected: 'bad',
  expired: 'plain',
  cancelled: 'plain',
  edited: 'plain',
  revised: 'plain',
  claimed: 'accent',
  done: 'good',
  failed: 'bad',
  unknown: 'bad',
};

/** Where a held action stands. */
export function HoldState({ state }: { state: string }) {
  const t = useTranslations('hold.state');
  const known = STATES.find((one) => one === state);
  return known === undefined ? <Badge>{state}</Badge> : <Badge tone={TONES[known]}>{t(known)}</Badge>;
}
