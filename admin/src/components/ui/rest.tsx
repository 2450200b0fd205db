'use client';

import { useEffect } from 'react';
import { useTranslations } from 'use-intl';
import { PartFailed } from './states';

/** Rows before the end at which more is asked for. */
const AHEAD = 30;

/** What comes after what is here of a list that grows by itself towards its end. */
export interface Rest {
  hasNextPage: boolean;
  isFetchingNextPage: boolean;
  isFetchNextPageError: boolean;
  error: unknown;
  fetchNextPage: () => Promise<unknown>;
}

/** A list of which a part is looked for among what is here, or below which something else stands: more is asked for on demand only. */
export const ON_DEMAND: Rest = { hasNextPage: false, isFetchingNextPage: false, isFetchNextPageError: false, error: null, fetchNextPage: () => Promise.resolve() };

/** Asks for the rest where the last row that is shown is near the last one that is here. What could not be had is not asked for over and over. */
export function useRest({ hasNextPage, isFetchingNextPage, isFetchNextPageError, fetchNextPage }: Rest, last: number, count: number): void {
  const wantsMore = last + AHEAD >= count && hasNextPage && !isFetchingNextPage && !isFetchNextPageError;
  useEffect(() => {
    if (wantsMore) void fetchNextPage();
  }, [wantsMore, fetchNextPage]);
}

/** The end of a list whose rest could not be had: it says so, and asks again when told to. */
export function RestFailed({ query: { hasNextPage, isFetchNextPageError, isFetchingNextPage, error, fetchNextPage } }: { query: Rest }) {
  const t = useTranslations('common');
  if (!hasNextPage || !isFetchNextPageError) return null;
  return <PartFailed what={t('restFailed')} error={error} isBusy={isFetchingNextPage} onRetry={() => void fetchNextPage()} />;
}
