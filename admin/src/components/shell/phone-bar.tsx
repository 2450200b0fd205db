'use client';

import { Ellipsis, Search } from 'lucide-react';
import { Link } from '@/components/ui/link';
import { useState } from 'react';
import { useTranslations } from 'use-intl';
import { Dialog } from '@/components/ui/dialog';
import { cx } from '@/lib/cx';
import type { NavigationName, Place } from './navigation';
import type { Waiting } from './use-waiting';
import { WaitingBadge } from './waiting-badge';

/** Places at the bottom; the rest is behind "more". */
const SHOWN = 4;
/** Beside the icon, half of which is as wide as the distance. */
const AT_ICON = 'absolute start-1/2 top-1 ms-2.5';

/** Navigation of small screens: within the thumb's reach. */
export function PhoneBar({ places, here, waiting, onSearch }: { places: Place[]; here: NavigationName | null; waiting: Waiting; onSearch: () => void }) {
  const t = useTranslations('shell');
  const [isOpen, setIsOpen] = useState(false);
  const shown = places.slice(0, SHOWN);
  const rest = places.slice(SHOWN);
  const looks = (isHere: boolean) => cx('relative flex min-h-14 flex-col items-center justify-center gap-0.5 px-1 text-[0.6875rem] font-medium', isHere ? 'text-accent' : 'text-soft');
  return (
    <nav aria-label={t('navigation')} className="border-t border-line bg-surface pb-[env(safe-area-inset-bottom)] lg:hidden">
      <ul className="grid auto-cols-fr grid-flow-col">
        {shown.map((place) => (
          <li key={place.name}>
            <Link href={place.path} aria-current={here === place.name ? 'page' : undefined} className={looks(here === place.name)}>
              <place.icon className="size-5" aria-hidden />
              <span className="max-w-full truncate">{t(`short.${place.name}`)}</span>
              {place.name === 'holds' && <WaitingBadge of="holds" count={waiting.holds} className={AT_ICON} />}
            </Link>
          </li>
        ))}
        {rest.length > 0 && (
          <li className="grid">
            <button
              type="button"
              aria-haspopup="dialog"
              onClick={() => {
                setIsOpen(true);
              }}
              className={looks(rest.some((place) => place.name === here))}
            >
              <Ellipsis className="size-5" aria-hidden />
              {t('more')}
              <WaitingBadge of="changes" count={waiting.changes} className={AT_ICON} />
            </button>
          </li>
        )}
      </ul>
      {isOpen && (
        <Dialog
          title={t('more')}
          onClose={() => {
            setIsOpen(false);
          }}
        >
          <button
            type="button"
            onClick={() => {
              setIsOpen(false);
              onSearch();
            }}
            className="flex min-h-12 items-center gap-3 rounded-lg border border-line px-2 text-soft"
          >
            <Search className="size-5" aria-hidden />
            {t('search')}
          </button>
          <ul className="grid grid-cols-2 gap-1">
            {rest.map((place) => (
              <li key={place.name}>
                <Link
                  href={place.path}
                  onClick={() => {
                    setIsOpen(false);
                  }}
                  className="flex min-h-12 items-center gap-3 rounded-lg px-2 font-medium hover:bg-sunken"
                >
                  <place.icon className="size-5 text-soft" aria-hidden />
                  <span className="min-w-0 flex-1">{t(`places.${place.name}`)}</span>
                  {place.name === 'changes' && <WaitingBadge of="changes" count={waiting.changes} />}
                </Link>
              </li>
            ))}
          </ul>
        </Dialog>
      )}
    </nav>
  );
}
