'use client';

import { useQueryClient, type QueryKey } from '@tanstack/react-query';
import { useState } from 'react';

/**
 * A record as it was when a form was opened over it: what is read anew meanwhile, and stands at `key`, is no base of what was written.
 * `takeUp` makes it the base: after the server refused the one before and the record was read anew, and at no other time.
 */
export function useOpened<T>(live: T | undefined, key: QueryKey): { opened: T | undefined; takeUp: () => void } {
  const client = useQueryClient();
  const [opened, setOpened] = useState(live);
  return { opened, takeUp: () => setOpened((before) => client.getQueryData<T>(key) ?? before) };
}
