'use client';

import { useEffect } from 'react';
import { keepDraft, type Draft } from '@/lib/draft';
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
