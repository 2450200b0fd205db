'use client';

import { useTranslations } from 'use-intl';
import { buttonLooks } from '@/components/ui/button';
import { Dialog } from '@/components/ui/dialog';
import { Link } from '@/components/ui/link';

/** The session ended while something was written on the page: it stays as it is until its person has signed in again, in another tab. */
export function SignedOut({ onClose }: { onClose: () => void }) {
  const t = useTranslations('shell');
  return (
    <Dialog title={t('signedOut')} onClose={onClose}>
      <p>{t('signedOutHint')}</p>
      <div className="grid sm:flex sm:justify-end">
        <Link href="/sign-in" target="_blank" rel="noopener" data-first className={buttonLooks('primary')}>
          {t('signInAgain')}
        </Link>
      </div>
    </Dialog>
  );
}
