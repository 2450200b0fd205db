'use client';

import { useTranslations } from 'use-intl';
import { Badge, type BadgeTone } from '@/components/ui/badge';

const VERDICTS = ['allowed', 'held', 'blocked'] as const;
const TONES: Record<(typeof VERDICTS)[number], BadgeTone> = { allowed: 'good', held: 'wait', blocked: 'bad' };

/** The rules' own words for what the log says in the past. */
const PAST: Record<string, string> = { allow: 'allowed', hold: 'held', block: 'blocked' };

/** What the rules said of a call, or would say. */
export function Verdict({ verdict }: { verdict: string }) {
  const t = useTranslations('verdict');
  const known = VERDICTS.find((one) => one === (PAST[verdict] ?? verdict));
  return known === undefined ? <Badge>{verdict}</Badge> : <Badge tone={TONES[known]}>{t(known)}</Badge>;
}
