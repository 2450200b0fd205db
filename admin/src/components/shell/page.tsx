'use client';

import { ArrowLeft } from 'lucide-react';
import { Link } from '@/components/ui/link';
import { useEffect } from 'react';
import { useTranslations } from 'use-intl';
import { cx } from '@/lib/cx';

interface PageProps {
  title: string;
  /** Beside the title. */
  actions?: React.ReactNode;
  /** Below it: filters. */
  bar?: React.ReactNode;
  /** Where the way back leads, on small screens. */
  back?: string;
  children: React.ReactNode;
  className?: string;
  /** Whether long lists inside look at how far it is scrolled. */
  scrolls?: boolean;
}

/** A page inside the shell: its title stays, what is below scrolls. */
export function Page({ title, actions, bar, back, children, className, scrolls = false }: PageProps) {
  const t = useTranslations('common');
  useEffect(() => {
    document.title = `${title} · Steward`;
  }, [title]);
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <header className="border-b border-line bg-ground px-4 py-2 sm:px-6">
        <div className="flex min-h-10 items-center gap-2">
          {back !== undefined && (
            <Link href={back} aria-label={t('back')} title={t('back')} className="-ms-2 inline-flex size-11 items-center justify-center rounded-lg text-soft hover:bg-sunken lg:hidden">
              <ArrowLeft className="size-5 rtl:rotate-180" aria-hidden />
            </Link>
          )}
          {/* A title in another direction is cut at its own end, and stands at the page's beginning all the same. */}
          <div className="flex min-w-0 flex-1">
            <h1 dir="auto" className="min-w-0 truncate text-lg font-semibold">
              {title}
            </h1>
          </div>
          {actions}
        </div>
        {bar !== undefined && <div className="pt-1 pb-1">{bar}</div>}
      </header>
      <div data-scrolls={scrolls || undefined} className={cx('relative min-h-0 flex-1 overflow-y-auto', className)}>{children}</div>
    </div>
  );
}
