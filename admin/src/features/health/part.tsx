'use client';

import type { UseQueryResult } from '@tanstack/react-query';
import { useTranslations } from 'use-intl';
import { Badge, type BadgeTone } from '@/components/ui/badge';
import { Card } from '@/components/ui/card';

/** How often parts are looked at while the page is open. */
export const EVERY_MS = 10_000;
/** Of what went wrong, the newest or most. */
export const FAILURES_SHOWN = 5;
/** In place of a line that is still to come: nothing below it moves then. */
export const COMING = '\u00a0';

export type State = 'good' | 'wait' | 'bad' | 'unknown';
const TONES: Record<State, BadgeTone> = { good: 'good', wait: 'wait', bad: 'bad', unknown: 'plain' };

/** One part: its state in a word, what is known of it, and what to do if it is not well. */
export function Part({ title, state, children, advice }: { title: string; state: State; children?: React.ReactNode; advice?: string | null }) {
  const t = useTranslations('health');
  return (
    <Card role="group" aria-label={title} className="grid content-start gap-2 p-4">
      <div className="flex items-center justify-between gap-2">
        <h2 className="font-semibold">{title}</h2>
        <Badge tone={TONES[state]}>{t(`state.${state}`)}</Badge>
      </div>
      <div className="grid gap-1 text-sm text-soft">{children}</div>
      {advice != null && <p className="rounded-lg bg-wait-wash px-3 py-2 text-sm text-wait">{advice}</p>}
    </Card>
  );
}

/** The state of a part that some questions tell of: one that failed leaves nothing to conclude, and neither does one that is under way. */
export function stateOf(questions: readonly { isPending: boolean; isError: boolean }[], otherwise: State): State {
  if (questions.some((one) => one.isError)) return 'bad';
  return questions.some((one) => one.isPending) ? 'unknown' : otherwise;
}

/** What a question found; its room while it is asked, and where it failed that nobody knows. */
export function Known<T>({ of, children }: { of: UseQueryResult<T>; children: (found: T) => React.ReactNode }) {
  const t = useTranslations('health');
  if (of.isPending) return <p>{COMING}</p>;
  return of.isSuccess ? children(of.data) : <p>{t('notAsked')}</p>;
}
