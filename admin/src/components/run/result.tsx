'use client';

import { useState } from 'react';
import { useTranslations } from 'use-intl';
import { Button } from '@/components/ui/button';
import { seen } from '@/lib/seen';

/** Of a result, before all of it is asked for. */
const LETTERS_SHOWN = 2_000;
/** Of a result at all: a page that is to be read is no place for more. */
const LETTERS_MAX = 100_000;
/** Beyond this the server tells of a result only how it begins. */
const BYTES_TOLD = 65_536;

/** What a call answered, as text and never as anything else, with a mark for what nobody would see. It may be anybody's words. */
export function Result({ value, bytes }: { value: unknown; bytes: number }) {
  const t = useTranslations('call');
  const [isWhole, setIsWhole] = useState(false);
  const text = typeof value === 'string' ? value : JSON.stringify(value, null, 2);
  const untold = bytes > BYTES_TOLD ? Math.max(0, bytes - text.length) : 0;
  const shown = text.slice(0, isWhole ? LETTERS_MAX : LETTERS_SHOWN);
  return (
    <section aria-label={t('result')} className="grid gap-1">
      <p className="text-soft">{t('result')}</p>
      <pre tabIndex={0} dir="ltr" className="max-h-80 overflow-auto rounded-lg bg-sunken p-3 font-mono text-xs break-words whitespace-pre-wrap">
        {seen(shown)}
      </pre>
      {text.length + untold > shown.length &&
        (isWhole ? (
          <p className="text-xs text-soft">{t('resultCut', { count: text.length + untold - shown.length })}</p>
        ) : (
          <div>
            <Button size="small" tone="plain" onClick={() => setIsWhole(true)}>
              {t('resultWhole')}
            </Button>
          </div>
        ))}
    </section>
  );
}
