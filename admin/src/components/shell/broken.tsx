'use client';

import { TriangleAlert } from 'lucide-react';
import { useTranslations } from 'use-intl';
import { Button } from '@/components/ui/button';
import { Empty } from '@/components/ui/states';

/** A fault of the page itself. */
export function Broken({ error, onRetry }: { error: Error; onRetry: () => void }) {
  const t = useTranslations('common');
  return (
    <main>
      <h1 className="sr-only">{t('broken')}</h1>
      <Empty icon={<TriangleAlert className="size-5" aria-hidden />} title={t('broken')} hint={t('brokenHint', { message: error.message })}>
        <Button onClick={onRetry}>{t('retry')}</Button>
      </Empty>
    </main>
  );
}
