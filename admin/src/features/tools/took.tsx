'use client';

import { useTranslations } from 'use-intl';
import { Link } from '@/components/ui/link';
import { useFormats } from '@/lib/format';
import type { Took } from '@/lib/usage';

/** How many days are looked back on. */
export const TOOK_DAYS = 30;

/** What calls took in the last days, as a fact, with the way to the page of usage; no fact where nobody knows. */
export function useTookFact(): (took: Took | null, isOneTool: boolean) => [string, React.ReactNode][] {
  const t = useTranslations('tools');
  const formats = useFormats();
  return (took, isOneTool) => {
    if (took === null) return [];
    const { times: count, runs, ms, fuel } = took;
    const text = { count, runs, time: formats.ms(ms), fuel: formats.number(fuel) };
    return [
      [
        t('took', { count: TOOK_DAYS }),
        <span key="took" className="flex flex-wrap gap-x-2">
          <span>{count === 0 ? t('tookNothing') : isOneTool ? t('tookOf', text) : t('tookByTools', text)}</span>
          <Link href="/usage?by=tool" className="text-accent underline underline-offset-2">
            {t('usage')}
          </Link>
        </span>,
      ],
    ];
  };
}
