'use client';

import { useTranslations } from 'use-intl';
import { Badge, type BadgeTone } from '@/components/ui/badge';

const EFFECTS = ['read', 'fetch', 'write', 'send', 'destroy', 'money', 'credential', 'member', 'admin'] as const;
type Effect = (typeof EFFECTS)[number];

const TONES: Record<Effect, BadgeTone> = { read: 'plain', fetch: 'plain', write: 'accent', send: 'wait', destroy: 'bad', money: 'bad', credential: 'bad', member: 'wait', admin: 'bad' };

/** The effect of this name, where this version knows it. */
export function knownEffect(effect: string | null | undefined): Effect | null {
  return EFFECTS.find((one) => one === effect) ?? null;
}

/** What a call does to the world, in a word. */
export function EffectBadge({ effect }: { effect: string | null | undefined }) {
  const t = useTranslations('effect');
  const known = knownEffect(effect);
  if (known === null) return effect == null ? null : <Badge>{effect}</Badge>;
  return <Badge tone={TONES[known]}>{t(known)}</Badge>;
}
