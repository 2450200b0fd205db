'use client';

import { useTranslations } from 'use-intl';
import { Badge, type BadgeTone } from '@/components/ui/badge';
import { isStage } from '@/lib/stages';

/** A stage's name: the usual ones in the reader's language, others by their own word. */
export function useStageNames(): (stage: string) => string {
  const t = useTranslations('stage');
  return (stage) => (isStage(stage) ? t(stage) : stage);
}

const TONES: Record<string, BadgeTone> = { won: 'good', lost: 'bad' };

export function StageBadge({ stage }: { stage: string }) {
  const names = useStageNames();
  return <Badge tone={TONES[stage] ?? 'plain'}>{names(stage)}</Badge>;
}
