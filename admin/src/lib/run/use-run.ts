'use client';

import { useEffect, useRef, useState } from 'react';
import { isSignedOut } from '@/lib/api/problem';
import { hearOtherTabs } from '@/lib/other-tabs';
import { cut, fold, NEW_RUN, type Run } from './fold';
import { follow } from './follow';

/** A run being followed. */
export interface Followed {
  run: Run;
  /** Whether the connection is down and being made again. */
  isLost: boolean;
  /** Whether something of the run was heard, or nothing is to come. */
  isHeard: boolean;
  error: unknown;
}

const NOTHING: Followed = { run: NEW_RUN, isLost: false, isHeard: false, error: null };

/** Follows a run while the component stands. Parts that show another run carry its id as their `key`. */
export function useRun(runId: string, onEvent?: (name: string) => void): Followed {
  const [followed, setFollowed] = useState<Followed>(NOTHING);
  const [tries, setTries] = useState(0);
  const hear = useRef(onEvent);
  useEffect(() => {
    hear.current = onEvent;
  }, [onEvent]);
  // A page that was kept when its session ended goes on once somebody signed in again, which is in another tab.
  const isOut = isSignedOut(followed.error);
  useEffect(() => {
    if (!isOut) return undefined;
    return hearOtherTabs((what) => {
      if (what === 'in') setTries((now) => now + 1);
    });
  }, [isOut]);
  useEffect(() => {
    const stop = new AbortController();
    const listener = {
      event(event: Parameters<typeof fold>[1], seq: number | null) {
        setFollowed((now) => ({ ...now, isHeard: true, isLost: false, run: fold(now.run, event, seq) }));
        if (event.event !== 'model.delta') hear.current?.(event.event);
      },
      link(state: 'open' | 'lost') {
        setFollowed((now) => (state === 'open' ? { ...now, isLost: false, error: null } : { ...now, isLost: true, run: cut(now.run) }));
      },
      end(error: unknown) {
        setFollowed((now) => ({ ...now, isHeard: true, isLost: false, error }));
      },
    };
    void follow(runId, 0, listener, stop.signal);
    return () => {
      stop.abort();
    };
  }, [runId, tries]);
  return followed;
}
