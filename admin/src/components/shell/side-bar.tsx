'use client';

import { Search } from 'lucide-react';
import { Link } from '@/components/ui/link';
import { useTranslations } from 'use-intl';
import { cx } from '@/lib/cx';
import type { Me } from '@/lib/me';
import { Mark } from './mark';
import type { NavigationGroup, NavigationName, Place } from './navigation';
import { waitingAt, type Waiting } from './use-waiting';
import { WaitingBadge } from './waiting-badge';

const GROUPS: readonly NavigationGroup[] = ['work', 'observe', 'office', 'govern', 'system'];

/** Navigation of wide screens. */
export function SideBar({ me, places, here, waiting, onSearch }: { me: Me; places: Place[]; here: NavigationName | null; waiting: Waiting; onSearch: () => void }) {
  const t = useTranslations('shell');
  return (
    <header className="hidden w-56 shrink-0 flex-col border-e border-line bg-sunken lg:flex">
      <Link href="/" className="flex items-center gap-2 px-4 pt-4 pb-2 font-semibold">
        <Mark className="size-6 text-accent" />
        Steward
      </Link>
      <div className="px-2 pt-1">
        <button type="button" aria-haspopup="dialog" aria-keyshortcuts="Control+K Meta+K" onClick={onSearch} className="flex min-h-9 w-full items-center gap-2.5 rounded-lg border border-line bg-surface px-2 text-sm text-soft hover:text-ink">
          <Search className="size-4" aria-hidden />
          <span className="min-w-0 flex-1 truncate text-start">{t('search')}</span>
          <kbd aria-hidden className="rounded border border-line px-1 font-mono text-[0.6875rem]">
            Ctrl K
          </kbd>
        </button>
      </div>
      <nav aria-label={t('navigation')} className="flex-1 overflow-y-auto px-2 py-2">
        {GROUPS.map((group) => {
          const own = places.filter((place) => place.group === group);
          if (own.length === 0) return null;
          return (
            <div key={group} className="mb-3">
              <p className="px-2 pb-1 text-xs font-medium text-soft">{t(`groups.${group}`)}</p>
              <ul className="grid gap-0.5">
                {own.map((place) => (
                  <li key={place.name}>
                    <Link
                      href={place.path}
                      aria-current={here === place.name ? 'page' : undefined}
                      className={cx('flex min-h-8 items-center gap-2.5 rounded-lg px-2 text-sm font-medium', here === place.name ? 'bg-surface text-ink shadow-sm' : 'text-soft hover:bg-surface hover:text-ink')}
                    >
                      <place.icon className={cx('size-4', here === place.name && 'text-accent')} aria-hidden />
                      <span className="min-w-0 flex-1 truncate">{t(`places.${place.name}`)}</span>
                      <WaitingAt place={place} waiting={waiting} />
                    </Link>
                  </li>
                ))}
              </ul>
            </div>
          );
        })}
      </nav>
      <div className="border-t border-line px-4 py-3">
        <p className="truncate text-sm font-medium" title={me.email}>
          {me.display_name}
        </p>
        <p className="truncate text-xs text-soft">{me.organisation}</p>
      </div>
    </header>
  );
}

function WaitingAt({ place, waiting }: { place: Place; waiting: Waiting }) {
  const of = waitingAt(place.name);
  return of === null ? null : <WaitingBadge of={of} count={waiting[of]} />;
}
