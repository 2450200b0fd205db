'use client';

import { InItsPlace, later } from '@/components/later';
import { Problem } from '@/components/ui/states';
import { isNotProven, stepUpOf } from '@/lib/api/problem';

// Most wishes are not refused for this: what asks comes with the first that is.
const StepUp = later(() => import('./step-up-forms').then((loaded) => loaded.StepUp), InItsPlace);
const Prove = later(() => import('./step-up-forms').then((loaded) => loaded.Prove), InItsPlace);

interface StepUpProps {
  error: unknown;
  /** What was missing was given: the same is sent again. */
  onGiven: () => void;
}

/** What was refused, in words; where a second factor or a fresh password is missing, the place to give it. */
export function Refusal({ error, onGiven }: StepUpProps) {
  const wanted = stepUpOf(error);
  if (isNotProven(error)) return <Prove onGiven={onGiven} />;
  if (wanted?.bound == null) return <Problem error={error} />;
  return <StepUp key={wanted.bound} bound={wanted.bound} factors={wanted.factors} onGiven={onGiven} />;
}
