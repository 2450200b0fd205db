'use client';

import { useEffect } from 'react';

/** Whether keys belong to what has the focus: a field, or a dialog over the page. */
function isTaken(event: KeyboardEvent): boolean {
  const target = event.target;
  if (event.metaKey || event.ctrlKey || event.altKey || event.isComposing) return true;
  if (document.querySelector('dialog[open]') !== null) return true;
  return target instanceof HTMLElement && (target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName));
}

/** Single keys that act on the page, while nothing else takes them. */
export function useShortcuts(isOn: boolean, keys: Record<string, () => void>): void {
  useEffect(() => {
    if (!isOn) return undefined;
    const press = (event: KeyboardEvent) => {
      const act = isTaken(event) ? undefined : keys[event.key];
      if (act === undefined) return;
      event.preventDefault();
      act();
    };
    window.addEventListener('keydown', press);
    return () => {
      window.removeEventListener('keydown', press);
    };
  }, [isOn, keys]);
}
