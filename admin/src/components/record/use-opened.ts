'use client';

import { useQueryClient, type QueryKey } from '@tanstack/react-query';
import { useState } from 'react';

/**
 * A record as it was when a form was opened over it: what is read anew meanwhile, and stands at `key`, is no base of what was written.
 * `takeUp` makes it the base, and says whether it is another one: after the server refused the one before and the record was read anew, and at no other time.
 */
export function useOpened<T extends { version: number }>(live: T | undefined, key: QueryKey): { opened: T | undefined; takeUp: () => boolean } {
  const client = useQueryClient();
  const [opened, setOpened] = useState(live);
  const takeUp = () => {
    const now = client.getQueryData<T>(key);
    if (now === undefined || now.version === opened?.version) return false;
    setOpened(now);
    return true;
  };
  return { opened, takeUp };
}
