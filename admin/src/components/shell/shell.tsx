'use client';

import { usePathname, useRouter } from 'next/navigation';
import { useEffect, useState } from 'react';
import { useTranslations } from 'use-intl';
import { AsDialog, later } from '@/components/later';
import { Failed } from '@/components/ui/states';
import { isSignedOut } from '@/lib/api/problem';
import { useDropGuard } from '@/lib/file-drop';
import { MeProvider, useMeQuery, type Me } from '@/lib/me';
import { useCommands } from './commands';
import { Mark } from './mark';
import { placeAt, placesOf, type NavigationName } from './navigation';
import { NotHere } from './not-here';
import { PhoneBar } from './phone-bar';
import { SideBar } from './side-bar';
import { useWaiting } from './use-waiting';

// Hardly ever shown: most pages are left without it.
const SignedOut = later(() => import('./signed-out').then((loaded) => loaded.SignedOut), AsDialog);

/** The worker keeps the page for when there is no network. Where there is none, everything works but that page. */
function keepOfflinePage(): void {
  if (process.env.NODE_ENV === 'production' && 'serviceWorker' in navigator) navigator.serviceWorker.register('/sw.js').catch(() => undefined);
}

/** What stands around every page of somebody signed in. Nothing inside is shown before it is known who that is. */
export function Shell({ children }: { children: React.ReactNode }) {
  const me = useMeQuery();
  const path = usePathname();
  const router = useRouter();
  const isOut = isSignedOut(me.error);
  const [writtenAt, setWrittenAt] = useState<string | null>(null);
  const [closedAt, setClosedAt] = useState<number | null>(null);
  // Something was written on this page, and would be gone with it.
  const isKept = isOut && me.data !== undefined && writtenAt === path;
  useEffect(keepOfflinePage, []);
  useDropGuard();
  useEffect(() => {
    // While it is asked again, as when another tab signed in, the last answer is no longer the word.
    if (!isOut || isKept || me.isFetching) return;
    const here = `${window.location.pathname}${window.location.search}`;
    router.replace(here === '/' ? '/sign-in' : `/sign-in?next=${encodeURIComponent(here)}`);
  }, [isOut, isKept, me.isFetching, router]);
  // What was read for somebody who is signed out is theirs, also on the way to the door.
  if (me.data === undefined || (isOut && !isKept)) {
    return (
      <div className="grid min-h-dvh place-items-center" aria-busy={me.isPending || isOut}>
        {me.isError && !isOut ? <Failed error={me.error} onRetry={() => void me.refetch()} /> : <Mark className="size-10 animate-pulse-soft text-accent" />}
      </div>
    );
  }
  const place = placeAt(path);
  // The server does not even give such a page to whoever comes to it; here it is for pages that were there before somebody signed in.
  const isHidden = place !== null && !me.data.places.includes(place);
  return (
    // Somebody else begins with a page of their own: nothing that was opened or written there is theirs.
    <MeProvider key={me.data.person_id} value={me.data}>
      <Frame me={me.data} place={place} onWritten={() => setWrittenAt(path)}>
        {isHidden ? <NotHere /> : children}
      </Frame>
      {isKept && closedAt !== me.errorUpdatedAt && <SignedOut onClose={() => setClosedAt(me.errorUpdatedAt)} />}
    </MeProvider>
  );
}

/** Whether what was typed there would be missed: what is looked for in a list or in the palette is not. */
function isWritten(target: EventTarget): boolean {
  if (!(target instanceof HTMLElement) || target.closest('form, dialog') === null) return false;
  return !(target instanceof HTMLInputElement && (target.type === 'search' || target.getAttribute('role') === 'combobox'));
}

function Frame({ me, place, onWritten, children }: { me: Me; place: NavigationName | null; onWritten: () => void; children: React.ReactNode }) {
  const t = useTranslations('shell');
  const places = placesOf(me);
  const commands = useCommands(places);
  const waiting = useWaiting(me);
  return (
    <div
      className="flex h-dvh flex-col overflow-hidden lg:flex-row"
      onInput={({ target }) => {
        if (isWritten(target)) onWritten();
      }}
    >
      <a href="#main" className="sr-only focus:not-sr-only focus:absolute focus:z-50 focus:m-2 focus:rounded-lg focus:bg-surface focus:px-3 focus:py-2">
        {t('skip')}
      </a>
      <SideBar me={me} places={places} here={place} waiting={waiting} onSearch={commands.search} />
      <main id="main" tabIndex={-1} className="flex min-h-0 min-w-0 flex-1 flex-col outline-none">
        {children}
      </main>
      <PhoneBar places={places} here={place} waiting={waiting} onSearch={commands.search} />
      {commands.dialog}
    </div>
  );
}
