'use client';

import { useEffect, useSyncExternalStore } from 'react';
import { recall, remember } from './remember';

export const THEMES = ['system', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

const listeners = new Set<() => void>();
let chosen: Theme | null = null;

function now(): Theme {
  if (chosen === null) {
    const kept = recall('theme');
    chosen = THEMES.find((theme) => theme === kept) ?? 'system';
  }
  return chosen;
}

function paint(): void {
  const isDark = now() === 'dark' || (now() === 'system' && matchMedia('(prefers-color-scheme: dark)').matches);
  document.documentElement.classList.toggle('dark', isDark);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** The chosen theme, and the way to another. Follows the system while that is chosen. */
export function useTheme(): { theme: Theme; setTheme: (theme: Theme) => void } {
  const theme = useSyncExternalStore(subscribe, now, (): Theme => 'system');
  useEffect(() => {
    const system = matchMedia('(prefers-color-scheme: dark)');
    system.addEventListener('change', paint);
    return () => {
      system.removeEventListener('change', paint);
    };
  }, []);
  const setTheme = (theme: Theme) => {
    chosen = theme;
    remember('theme', theme);
    paint();
    for (const listener of listeners) listener();
  };
  return { theme, setTheme };
}
