'use client';

import { useEffect } from 'react';
import { hearOfSent, keepDraft, type Draft, type Sent } from '@/lib/draft';
import { useMe } from '@/lib/me';

/** Keeps what is being written in a conversation, as it changes. */
export function useDraft(of: string, draft: Draft): void {
  const { person_id: personId } = useMe();
  const kept = JSON.stringify(draft);
  useEffect(() => {
    keepDraft(personId, of, draft);
    // What it says is in its text: the draft itself is made anew each time.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [personId, of, kept]);
}

/** Hears what was sent from there, by this page or by one that was left before the answer came. */
export function useSent(of: string, onSent: (sent: Sent) => void): void {
  // Anew with each render: what it does with it is of that render.
  useEffect(() =>
    hearOfSent((sent) => {
      if (sent.of === of) onSent(sent);
    }),
  );
}
