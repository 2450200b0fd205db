'use client';

import { useTranslations } from 'use-intl';
import { AwayError, codeOf, problemOf, waitOf } from '@/lib/api/problem';

/** An error as a sentence in the reader's language, by the server's code; what the server's own words say beyond it stands below (`ServerWords`). */
export function useProblemText(): (error: unknown) => string {
  const t = useTranslations('problem');
  return (error) => {
    if (error instanceof AwayError) return t('away');
    const problem = problemOf(error);
    if (problem === null) return t('unknown');
    const wait = waitOf(problem);
    if (wait !== null) return t('tooManyWait', { seconds: wait });
    const code = codeOf(problem);
    if (code !== null) return t(`code.${code}`);
    // What stands before the server answers in its own way: the status is what is known.
    if (problem.status === 401) return t('code.not_signed_in');
    if (problem.status === 404) return t('code.missing');
    if (problem.status === 429) return t('tooMany');
    return problem.status >= 500 ? t('code.bug') : t('unknown');
  };
}
