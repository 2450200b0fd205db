'use client';

import { useEffect } from 'react';
import { useTranslations } from 'use-intl';
import { cx } from '@/lib/cx';
import { useMedia } from '@/lib/media';
import { useWindow } from '@/lib/window';
import { PartFailed } from './states';

/** Rows before the end at which more is asked for. */
const AHEAD = 30;

interface WindowListProps<T> {
  items: readonly T[];
  keyOf: (item: T) => string;
  label: string;
  /** How tall each row is, on wide screens and on others: heights are fixed, so that only what is in view needs to be there. */
  widePx: number;
  narrowPx: number;
  /** Whether rows are parted by lines. */
  hasLines?: boolean;
  /** The list grows by itself towards its end. */
  query: { hasNextPage: boolean; isFetchingNextPage: boolean; isFetchNextPageError: boolean; error: unknown; fetchNextPage: () => Promise<unknown> };
  children: (item: T, isWide: boolean) => React.ReactNode;
}

/** A list of which a part is looked for among what is here: more is asked for on demand only. */
export const ON_DEMAND = { hasNextPage: false, isFetchingNextPage: false, isFetchNextPageError: false, error: null, fetchNextPage: () => Promise.resolve() };

/**
 * A long list in a page that `scrolls`: only the rows near what is seen are there, and the rest is asked for on the way down.
 * What could not be had is not asked for over and over: the end of the list says so, and asks again when told to.
 */
export function WindowList<T>({ items, keyOf, label, widePx, narrowPx, hasLines = true, query, children }: WindowListProps<T>) {
  const t = useTranslations('common');
  const isWide = useMedia('(min-width: 64rem)');
  const rowPx = isWide ? widePx : narrowPx;
  const { list, first, last, heightPx } = useWindow(items.length, rowPx);
  const { hasNextPage, isFetchingNextPage, isFetchNextPageError: isCut, error, fetchNextPage } = query;
  const wantsMore = last + AHEAD >= items.length && hasNextPage && !isFetchingNextPage && !isCut;
  useEffect(() => {
    if (wantsMore) void fetchNextPage();
  }, [wantsMore, fetchNextPage]);
  return (
    <>
      <div ref={list} className="relative" style={{ height: heightPx }}>
        <ul aria-label={label} className="h-full">
          {items.slice(first, last).map((item, at) => (
            // How many there are is not known until the last of them is here.
            <li
              key={keyOf(item)}
              aria-posinset={first + at + 1}
              aria-setsize={hasNextPage ? -1 : items.length}
              className={cx('absolute inset-x-0 overflow-hidden', hasLines && 'border-b border-line')}
              style={{ top: (first + at) * rowPx, height: rowPx }}
            >
              {children(item, isWide)}
            </li>
          ))}
        </ul>
      </div>
      {hasNextPage && isCut && <PartFailed what={t('restFailed')} error={error} isBusy={isFetchingNextPage} onRetry={() => void fetchNextPage()} />}
    </>
  );
}
