'use client';

import { useRouter } from 'next/navigation';
import { useCallback, useMemo, useState } from 'react';
import { GroupWords } from '@/components/group-words';
import { AsDialog, later } from '@/components/later';
import { useCommandKey, usePairs, useShortcuts } from '@/lib/shortcuts';
import type { NavigationName, Place } from './navigation';

// Loaded when it is asked for: most pages are left without it.
const Palette = later(() => import('./palette').then((loaded) => loaded.Palette), AsDialog);
const Help = later(() => import('./shortcut-help').then((loaded) => loaded.ShortcutHelp), AsDialog);

/** The second key of `g …`, for the places most gone to. */
export const GO: Partial<Record<NavigationName, string>> = { chat: 'c', holds: 'd', blocked: 'b', actions: 'a', runs: 'r', budgets: 'u', contacts: 'p', companies: 'o', deals: 'e', documents: 'f', schedules: 'w', policies: 'l', tools: 't', audit: 'g', settings: 's' };

function focusSearch(): void {
  const field = document.querySelector('main input[type="search"]');
  if (field instanceof HTMLElement) field.focus();
}

/** The palette, the help and the keys that open them and go to places. */
export function useCommands(places: Place[]): { search: () => void; dialog: React.ReactNode } {
  const router = useRouter();
  const [open, setOpen] = useState<'palette' | 'help' | null>(null);
  const search = useCallback(() => setOpen('palette'), []);
  const close = useCallback(() => setOpen(null), []);
  useCommandKey('k', search);
  const keys = useMemo(() => ({ '?': () => setOpen('help'), '/': focusSearch }), []);
  useShortcuts(true, keys);
  const names = places.map((place) => place.name).join();
  const pairs = useMemo(
    () =>
      Object.fromEntries(
        places.flatMap((place) => {
          const key = GO[place.name];
          return key === undefined ? [] : [[key, () => router.push(place.path)]];
        }),
      ),
    // The list is made anew each time; what it says is in the names.
    // eslint-disable-next-line react-hooks/exhaustive-deps
    [names, router],
  );
  usePairs(pairs);
  const dialog = open !== null && (
    <GroupWords group="keyboard" onClose={close}>
      {open === 'palette' ? <Palette places={places} onHelp={() => setOpen('help')} onClose={close} /> : <Help places={places} onClose={close} />}
    </GroupWords>
  );
  return { search, dialog };
}
