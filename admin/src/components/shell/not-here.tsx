'use client';

import { Compass } from 'lucide-react';
import { Link } from '@/components/ui/link';
import { useTranslations } from 'use-intl';
import { buttonLooks } from '@/components/ui/button';
import { Empty } from '@/components/ui/states';

/** What is not there, or nothing one may know of: the two look the same. */
export function NotHere() {
  const t = useTranslations('shell');
  return (
    <>
      <h1 className="sr-only">{t('notHere')}</h1>
      <Empty icon={<Compass className="size-5" aria-hidden />} title={t('notHere')} hint={t('notHereHint')}>
        <Link href="/" className={buttonLooks('quiet')}>
          {t('home')}
        </Link>
      </Empty>
    </>
  );
}
