'use client';

import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';

/** Rows beyond what is seen, so that scrolling meets no gap. */
const SPARE = 8;
/** So many rows of heights of their own are there without a window. */
const WHOLE_MAX = 50;

/** The rows between these, the last not among them, of a list whose top is `topPx` above what is seen, or below it where that is negative. */
export function rowsIn(topPx: number, seenPx: number, rowPx: number): { first: number; last: number } {
  return { first: Math.max(0, Math.floor(topPx / rowPx) - SPARE), last: Math.max(0, Math.ceil((topPx + seenPx) / rowPx) + SPARE) };
}

/** The usual size of a rem: heights are told for it, and are larger for whoever reads larger letters. */
const REM_PX = 16;
/** So often rows grow at most. */
const GROWN_TIMES_MAX = 8;

/** Which of many rows of one height are in view. The list itself is as tall as all of them. Where lines stand further apart than usual, rows grow until nothing is cut off. */
export function useWindow(count: number, usualPx: number) {
  const list = useRef<HTMLDivElement>(null);
  const [range, setRange] = useState({ first: 0, last: 40 });
  const [grown, setGrown] = useState({ of: usualPx, rem: 0, times: 0 });
  const usualRem = usualPx / REM_PX;
  const { rem, times } = grown.of === usualPx ? grown : { rem: 0, times: 0 };
  const rowRem = usualRem + rem;
  useEffect(() => {
    const inner = list.current;
    const outer = inner?.closest('[data-scrolls]');
    if (inner === null || !(outer instanceof HTMLElement)) return undefined;
    const look = () => {
      const rowPx = inner.offsetHeight / count;
      // A list that is not shown has no height.
      if (!(rowPx > 0)) return;
      const { first, last } = rowsIn(outer.scrollTop - inner.offsetTop, outer.clientHeight, rowPx);
      setRange((now) => (now.first === first && now.last === last ? now : { first, last }));
    };
    look();
    outer.addEventListener('scroll', look, { passive: true });
    const size = new ResizeObserver(look);
    size.observe(outer);
    size.observe(inner);
    return () => {
      outer.removeEventListener('scroll', look);
      size.disconnect();
    };
  }, [rowRem, count]);
  // Before anything is painted, of the rows that are there.
  useLayoutEffect(() => {
    const rows = [...(list.current?.querySelectorAll<HTMLElement>('li[aria-posinset]') ?? [])];
    // The part of its own height that a row lacks below, of the one that lacks most. What stands in the middle of its row lacks as much above.
    const missing = Math.max(0, ...rows.map((row) => (row.scrollHeight > row.clientHeight + 1 ? (row.scrollHeight - row.clientHeight) / row.offsetHeight : 0)));
    if (missing > 0 && times < GROWN_TIMES_MAX) setGrown({ of: usualPx, rem: rem + 2 * missing * rowRem, times: times + 1 });
  }, [range, count, usualPx, rem, times, rowRem]);
  return { list, first: Math.min(range.first, count), last: Math.min(range.last, count), rowRem };
}

/** Where each of some rows begins, and behind them where the last one ends. */
export function startsOf(heightsPx: readonly number[]): number[] {
  const starts = [0];
  for (const heightPx of heightsPx) starts.push((starts.at(-1) ?? 0) + heightPx);
  return starts;
}

/** The first row that ends below a place, of rows that begin where `starts` says; behind the last one where none does. */
function rowAt(starts: readonly number[], placePx: number): number {
  let [low, high] = [0, starts.length - 1];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if ((starts[middle + 1] ?? 0) > placePx) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The same as `rowsIn` of rows of heights of their own. The first few are there before they are in view: so they are measured. */
export function rowsAmong(starts: readonly number[], topPx: number, seenPx: number): { first: number; last: number } {
  return { first: Math.max(0, rowAt(starts, topPx) - SPARE), last: Math.min(starts.length - 1, rowAt(starts, topPx + seenPx) + 1 + SPARE) };
}

/** Which of many rows are in view where each is as tall as what it says: its height is a guess until it was there once. What is not there takes up `beforePx` and `afterPx`. */
export function useTallWindow(keys: readonly string[], guessPx: number) {
  const list = useRef<HTMLDivElement>(null);
  const rows = useRef<HTMLUListElement>(null);
  const [heights, setHeights] = useState<ReadonlyMap<string, number>>(() => new Map());
  const [range, setRange] = useState({ first: 0, last: WHOLE_MAX });
  const count = keys.length;
  const isWhole = count <= WHOLE_MAX;
  // By what they are: the list of them is made anew each time.
  const joined = keys.join('\n');
  const starts = useMemo(() => startsOf(joined === '' ? [] : joined.split('\n').map((key) => heights.get(key) ?? guessPx)), [joined, heights, guessPx]);
  const [first, last] = isWhole ? [0, count] : [Math.min(range.first, count), Math.min(range.last, count)];
  useEffect(() => {
    const inner = list.current;
    const outer = inner?.closest('[data-scrolls]');
    if (isWhole || inner === null || !(outer instanceof HTMLElement)) return undefined;
    const look = () => {
      const next = rowsAmong(starts, outer.getBoundingClientRect().top - inner.getBoundingClientRect().top, outer.clientHeight);
      setRange((now) => (now.first === next.first && now.last === next.last ? now : next));
    };
    look();
    outer.addEventListener('scroll', look, { passive: true });
    // What stands above may grow, too.
    const size = new ResizeObserver(look);
    for (const one of [outer, ...outer.children]) size.observe(one);
    return () => {
      outer.removeEventListener('scroll', look);
      size.disconnect();
    };
  }, [isWhole, starts]);
  const shown = keys.slice(first, last).join(' ');
  useEffect(() => {
    const own = rows.current;
    // Also of a list that is there whole: when it grows beyond that, its heights are known.
    if (own === null) return undefined;
    const measured = new ResizeObserver((entries) => {
      setHeights((now) => {
        const changed = entries.flatMap(({ target, borderBoxSize: [box] }) => {
          const key = target instanceof HTMLElement ? target.dataset['key'] : undefined;
          return key === undefined || box === undefined || box.blockSize === 0 || now.get(key) === box.blockSize ? [] : [[key, box.blockSize] as const];
        });
        return changed.length === 0 ? now : new Map([...now, ...changed]);
      });
    });
    for (const row of own.children) measured.observe(row);
    return () => measured.disconnect();
  }, [shown]);
  return { list, rows, first, last, beforePx: starts[first] ?? 0, afterPx: (starts[count] ?? 0) - (starts[last] ?? 0) };
}
