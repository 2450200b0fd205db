'use client';

import { useTranslations } from 'use-intl';
import { Button } from '@/components/ui/button';
import { Empty } from '@/components/ui/empty';

/** A fault of the page itself. It comes with every page, so it has no picture, which would bring more than all of it. */
export function Broken({ error, onRetry }: { error: Error; onRetry: () => void }) {
  const t = useTranslations('common');
  return (
    <main>
      <h1 className="sr-only">{t('broken')}</h1>
      <Empty title={t('broken')} hint={t('brokenHint', { message: error.message })}>
        <Button onClick={onRetry}>{t('retry')}</Button>
      </Empty>
    </main>
  );
}
