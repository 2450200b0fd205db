'use client';

import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { useState } from 'react';
import { LateError, problemOf } from './api/problem';

const TRIES = 2;

/** What the server refused is not asked again by itself; what did not arrive is, but where it was waited for long already. */
function shouldRetry(count: number, error: Error): boolean {
  if (error instanceof LateError) return false;
  const problem = problemOf(error);
  return count < TRIES && (problem === null || problem.status >= 500);
}

export function QueryProvider({ children }: { children: React.ReactNode }) {
  const [client] = useState(() => new QueryClient({ defaultOptions: { queries: { retry: shouldRetry, staleTime: 5_000, networkMode: 'always' }, mutations: { retry: false, networkMode: 'always' } } }));
  return <QueryClientProvider client={client}>{children}</QueryClientProvider>;
}
