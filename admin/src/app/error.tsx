'use client';

import { Broken } from '@/components/shell/broken';

export default function PageError({ error, reset }: { error: Error; reset: () => void }) {
  return <Broken error={error} onRetry={reset} />;
}
