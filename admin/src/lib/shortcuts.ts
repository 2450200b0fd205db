'use client';

import { useEffect, useSyncExternalStore } from 'react';
import { keyOf } from './keys';
import { recall, remember } from './remember';

const listeners = new Set<() => void>();
let areOn: boolean | null = null;

function now(): boolean {
  areOn ??= recall('keys') !== 'off';
  return areOn;
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Whether single keys act here. Whoever speaks to the browser, or presses keys by accident, turns them off. */
export function useSingleKeys(): { isOn: boolean; setOn: (isOn: boolean) => void } {
  const isOn = useSyncExternalStore(subscribe, now, () => true);
  const setOn = (next: boolean) => {
    areOn = next;
    remember('keys', next ? 'on' : 'off');
    for (const listener of listeners) listener();
  };
  return { isOn, setOn };
}

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
      const act = !now() || event.defaultPrevented || isTaken(event) ? undefined : keys[keyOf(event)];
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

/** How long the second key of a pair may take. */
const PAIR_MS = 1_500;

/** Pairs that begin with `g`: the second key says where to. */
export function usePairs(second: Record<string, () => void>): void {
  useEffect(() => {
    let until = 0;
    const press = (event: KeyboardEvent) => {
      if (!now() || isTaken(event)) return;
      if (event.timeStamp < until) {
        until = 0;
        const act = second[keyOf(event)];
        if (act === undefined) return;
        event.preventDefault();
        act();
      } else if (keyOf(event) === 'g') until = event.timeStamp + PAIR_MS;
    };
    // Before the single keys, which leave alone what was taken here.
    window.addEventListener('keydown', press, true);
    return () => {
      window.removeEventListener('keydown', press, true);
    };
  }, [second]);
}

/** Ctrl or Command with a letter, wherever the focus is, except over another dialog. */
export function useCommandKey(letter: string, act: () => void): void {
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (!(event.metaKey || event.ctrlKey) || event.altKey || event.shiftKey || keyOf(event).toLowerCase() !== letter) return;
      event.preventDefault();
      if (document.querySelector('dialog[open]') === null) act();
    };
    window.addEventListener('keydown', press);
    return () => {
      window.removeEventListener('keydown', press);
    };
  }, [letter, act]);
}
