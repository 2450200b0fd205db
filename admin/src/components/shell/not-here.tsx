'use client';

import { useTranslations } from 'use-intl';
import { buttonLooks } from '@/components/ui/button';
import { Empty } from '@/components/ui/empty';

/** What is not there, or nothing one may know of: the two look the same. It comes with every page, so it has no picture, and a plain link. */
export function NotHere() {
  const t = useTranslations('shell');
  return (
    <>
      <h1 className="sr-only">{t('notHere')}</h1>
      <Empty title={t('notHere')} hint={t('notHereHint')}>
        {/* eslint-disable-next-line @next/next/no-html-link-for-pages -- the other kind of link would come with every page for this one */}
        <a href="/" className={buttonLooks('quiet')}>
          {t('home')}
        </a>
      </Empty>
    </>
  );
}
