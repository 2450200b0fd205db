'use client';

import { useTranslations } from 'use-intl';
import { Badge, type BadgeTone } from '@/components/ui/badge';

const STATUSES = ['queued', 'running', 'waiting', 'ended'] as const;
const TONES: Record<(typeof STATUSES)[number], BadgeTone> = { queued: 'plain', running: 'accent', waiting: 'wait', ended: 'good' };
const OUTCOMES = ['replied', 'cancelled', 'step_limit', 'time_limit', 'token_limit', 'budget_limit', 'stubborn', 'model_failed', 'failed'] as const;

/** Where a run is, or how it ended. */
export function RunStatus({ status, outcome }: { status: string; outcome: string | null | undefined }) {
  const t = useTranslations('runStatus');
  const ended = OUTCOMES.find((one) => one === outcome);
  if (ended !== undefined) return <Badge tone={ended === 'replied' ? 'good' : ended === 'cancelled' ? 'plain' : 'bad'}>{t(`outcome.${ended}`)}</Badge>;
  const known = STATUSES.find((one) => one === status);
  return known === undefined ? <Badge>{status}</Badge> : <Badge tone={TONES[known]}>{t(`status.${known}`)}</Badge>;
}
