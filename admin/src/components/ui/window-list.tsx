'use client';

import { cx } from '@/lib/cx';
import { useMedia } from '@/lib/media';
import { useWindow } from '@/lib/window';
import { type Rest, RestFailed, useRest } from './rest';

interface WindowListProps<T> {
  items: readonly T[];
  keyOf: (item: T) => string;
  label: string;
  /** How tall each row is with letters of the usual size, on wide screens and on others: all have one height, so that only what is in view needs to be there. */
  widePx: number;
  narrowPx: number;
  /** Whether rows are parted by lines. */
  hasLines?: boolean;
  query: Rest;
  /** Whether there are more than these, of a list whose rest is asked for on demand. */
  isCut?: boolean;
  children: (item: T, isWide: boolean) => React.ReactNode;
}

/** A long list of rows of one height in a page that `scrolls`: only the rows near what is seen are there, and the rest is asked for on the way down. */
export function WindowList<T>({ items, keyOf, label, widePx, narrowPx, hasLines = true, query, isCut = false, children }: WindowListProps<T>) {
  const isWide = useMedia('(min-width: 64rem)');
  const { list, first, last, rowRem } = useWindow(items.length, isWide ? widePx : narrowPx);
  useRest(query, last, items.length);
  return (
    <>
      <div ref={list} className="relative" style={{ height: `${items.length * rowRem}rem` }}>
        <ul aria-label={label} className="h-full">
          {items.slice(first, last).map((item, at) => (
            // How many there are is not known until the last of them is here.
            <li
              key={keyOf(item)}
              aria-posinset={first + at + 1}
              aria-setsize={query.hasNextPage || isCut ? -1 : items.length}
              className={cx('absolute inset-x-0 overflow-hidden', hasLines && 'border-b border-line')}
              style={{ top: `${(first + at) * rowRem}rem`, height: `${rowRem}rem` }}
            >
              {children(item, isWide)}
            </li>
          ))}
        </ul>
      </div>
      <RestFailed query={query} />
    </>
  );
}
