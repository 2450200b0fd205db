'use client';

import { useTranslations } from 'use-intl';
import { AwayError, problemOf } from '@/lib/api/problem';

/** An error as a sentence. What the server says of its refusals is its own word; what is usual is in the reader's language. */
export function useProblemText(): (error: unknown) => string {
  const t = useTranslations('problem');
  return (error) => {
    if (error instanceof AwayError) return t('away');
    const problem = problemOf(error);
    if (problem === null) return t('unknown');
    if (problem.status === 401) return t('signedOut');
    if (problem.status === 404) return t('missing');
    if (problem.status === 429) return problem.retryAfter === null ? t('tooMany') : t('tooManyWait', { seconds: problem.retryAfter });
    if (problem.code === 'not_fresh') return t('notFresh');
    if (problem.status >= 500) return t('ours');
    return problem.detail === '' ? t('unknown') : problem.detail;
  };
}
