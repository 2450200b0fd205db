'use client';

import { useEffect, useRef, useState } from 'react';

/** Rows beyond what is seen, so that scrolling meets no gap. */
const SPARE = 8;

/** The rows between these, the last not among them, of a list whose top is `topPx` above what is seen, or below it where that is negative. */
export function rowsIn(topPx: number, seenPx: number, rowPx: number): { first: number; last: number } {
  return { first: Math.max(0, Math.floor(topPx / rowPx) - SPARE), last: Math.max(0, Math.ceil((topPx + seenPx) / rowPx) + SPARE) };
}

/** Which of many rows of one height are in view. The list itself is as tall as all of them. */
export function useWindow(count: number, rowPx: number) {
  const list = useRef<HTMLDivElement>(null);
  const [range, setRange] = useState({ first: 0, last: 40 });
  useEffect(() => {
    const inner = list.current;
    const outer = inner?.closest('[data-scrolls]');
    if (inner === null || !(outer instanceof HTMLElement)) return undefined;
    const look = () => {
      const { first, last } = rowsIn(outer.scrollTop - inner.offsetTop, outer.clientHeight, rowPx);
      setRange((now) => (now.first === first && now.last === last ? now : { first, last }));
    };
    look();
    outer.addEventListener('scroll', look, { passive: true });
    const size = new ResizeObserver(look);
    size.observe(outer);
    return () => {
      outer.removeEventListener('scroll', look);
      size.disconnect();
    };
  }, [rowPx, count]);
  return { list, first: Math.min(range.first, count), last: Math.min(range.last, count), heightPx: count * rowPx };
}
