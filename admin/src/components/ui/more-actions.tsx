'use client';

import { Ellipsis } from 'lucide-react';
import { useId } from 'react';
import { useTranslations } from 'use-intl';
import { buttonLooks } from '@/components/ui/button';
import { useMedia } from '@/lib/media';

/** What can be done on a page beside its one main thing: side by side where there is room, and on a phone behind one button, each with its word. */
export function MoreActions({ children }: { children: React.ReactNode }) {
  const t = useTranslations('common');
  const id = useId();
  const isWide = useMedia('(min-width: 40rem)');
  if (isWide) return children;
  return (
    <>
      <button type="button" popoverTarget={id} aria-label={t('moreActions')} title={t('moreActions')} className={buttonLooks('quiet', 'small')}>
        <Ellipsis className="size-4" aria-hidden />
      </button>
      {/* At the lower end, where a thumb is; the browser closes it by Escape and by a touch beside it. */}
      <div
        id={id}
        popover="auto"
        role="group"
        aria-label={t('moreActions')}
        onClick={(event) => event.currentTarget.hidePopover()}
        className="fixed inset-x-3 top-auto bottom-20 m-0 w-auto gap-2 rounded-xl border border-line bg-surface p-3 text-ink shadow-lg open:grid [&>*]:min-h-11"
      >
        {children}
      </div>
    </>
  );
}
