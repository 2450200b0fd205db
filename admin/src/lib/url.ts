'use client';

import { usePathname, useRouter, useSearchParams } from 'next/navigation';
import { useCallback } from 'react';

/** What a part of a path says. One that is not written as parts are says itself, which is nobody's id. */
function saidBy(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** One page file answers for every id, so the router's parameter is a placeholder; the path has the real one. */
export function useRouteId(prefix: string): string | null {
  const path = usePathname();
  const rest = path.startsWith(`${prefix}/`) ? path.slice(prefix.length + 1).split('/')[0] : undefined;
  return rest === undefined || rest === '' ? null : saidBy(rest);
}

/** State that can be linked lives in the address. An empty value leaves it. */
export function useAddress(): { get: (name: string) => string; set: (changes: Record<string, string>) => void } {
  const params = useSearchParams();
  const path = usePathname();
  const router = useRouter();
  const set = useCallback(
    (changes: Record<string, string>) => {
      const next = new URLSearchParams(params);
      for (const [name, value] of Object.entries(changes)) {
        if (value === '') next.delete(name);
        else next.set(name, value);
      }
      const query = next.toString();
      router.replace(query === '' ? path : `${path}?${query}`, { scroll: false });
    },
    [params, path, router],
  );
  return { get: (name) => params.get(name) ?? '', set };
}
