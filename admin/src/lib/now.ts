'use client';

import { useSyncExternalStore } from 'react';

const STEP_MS = 10_000;
let current = Date.now();
let timer: ReturnType<typeof setInterval> | null = null;
const listeners = new Set<() => void>();

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(() => {
    current = Date.now();
    for (const one of listeners) one();
  }, STEP_MS);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0 && timer !== null) {
      clearInterval(timer);
      timer = null;
    }
  };
}

/** The time, to ten seconds: one clock for all that shows how long ago. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => current, () => current);
}
