'use client';

import { useRouter } from 'next/navigation';
import { useEffect } from 'react';
import { placesOf } from '@/components/shell/navigation';
import { Loading } from '@/components/ui/states';
import { useMe } from '@/lib/me';

/** The bare address leads to the first place one may go to. */
export function Home() {
  const me = useMe();
  const router = useRouter();
  const first = placesOf(me)[0]?.path ?? '/settings';
  useEffect(() => {
    router.replace(first);
  }, [router, first]);
  return <Loading />;
}
