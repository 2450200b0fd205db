'use client';

import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { answer, api } from './api/client';
import { useNow } from './now';
import { daysOf, type By } from './usage';

/** What was used in the last days, summed by something, and of which days that is. */
export function useUsage(by: By, days: number, isAllowed = true) {
  const asked = { by, ...daysOf(useNow(), days) };
  const usage = useQuery({
    queryKey: ['usage', asked],
    queryFn: async () => {
      const sums = await answer(api.GET('/api/v1/usage', { params: { query: asked } }));
      // The same address exports text, but only for whoever asks for it.
      if (typeof sums === 'string') throw new TypeError('sums were asked for, and a file came');
      return sums;
    },
    placeholderData: keepPreviousData,
    enabled: isAllowed,
  });
  return { usage, asked };
}
