'use client';

import { useTranslations } from 'use-intl';
import { Badge, type BadgeTone } from '@/components/ui/badge';

const VERDICTS = ['allowed', 'held', 'blocked'] as const;
const TONES: Record<(typeof VERDICTS)[number], BadgeTone> = { allowed: 'good', held: 'wait', blocked: 'bad' };

/** What the rules said of a call. */
export function Verdict({ verdict }: { verdict: string }) {
  const t = useTranslations('actions.verdict');
  const known = VERDICTS.find((one) => one === verdict);
  return known === undefined ? <Badge>{verdict}</Badge> : <Badge tone={TONES[known]}>{t(known)}</Badge>;
}
