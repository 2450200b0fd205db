'use client';

import { cx } from '@/lib/cx';
import { useTallWindow } from '@/lib/window';
import { type Rest, RestFailed, useRest } from './rest';

interface CardListProps<T> {
  items: readonly T[];
  keyOf: (item: T) => string;
  label?: string;
  /** About how tall one is, for as long as it was never there. */
  guessPx: number;
  /** Whether they are parted by lines, as rows within a card are; cards themselves stand apart. */
  hasLines?: boolean;
  query: Rest;
  /** Whether there are more than these, of a list whose rest is asked for on demand. */
  isCut?: boolean;
  children: (item: T, at: number) => React.ReactNode;
}

/**
 * A long list of what is as tall as what it says, in a page that `scrolls`: only what is near what is seen is there, and the rest is asked for on the way down.
 * A short one is there whole, so that the browser's own search finds all of it.
 */
export function CardList<T>({ items, keyOf, label, guessPx, hasLines = false, query, isCut = false, children }: CardListProps<T>) {
  const { list, rows, first, last, beforePx, afterPx } = useTallWindow(items.map(keyOf), guessPx);
  useRest(query, last, items.length);
  const end = items.length - 1;
  return (
    <>
      <div ref={list} className="min-w-0">
        {/* What is not there takes its place beside the list and not within it: so the browser keeps in view what is looked at when heights turn out to be others. */}
        <div aria-hidden style={{ height: beforePx }} />
        <ul ref={rows} aria-label={label}>
          {items.slice(first, last).map((item, at) => (
            // How many there are is not known until the last of them is here.
            <li
              key={keyOf(item)}
              data-key={keyOf(item)}
              aria-posinset={first + at + 1}
              aria-setsize={query.hasNextPage || isCut ? -1 : items.length}
              className={cx(first + at < end && (hasLines ? 'border-b border-line' : 'pb-3'))}
            >
              {children(item, first + at)}
            </li>
          ))}
        </ul>
        <div aria-hidden style={{ height: afterPx }} />
      </div>
      <RestFailed query={query} />
    </>
  );
}
