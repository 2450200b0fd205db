'use client';

import { useFormats } from '@/lib/format';
import { useNow } from '@/lib/now';

/** A moment as people say it, with the exact one on hover. */
export function Ago({ at, className }: { at: string; className?: string }) {
  const formats = useFormats();
  const now = useNow();
  return (
    <time dateTime={at} title={formats.exact(at)} className={className} suppressHydrationWarning>
      {formats.relative(at, now)}
    </time>
  );
}

/** The exact moment. */
export function At({ at, className }: { at: string; className?: string }) {
  const formats = useFormats();
  return (
    <time dateTime={at} className={className}>
      {formats.exact(at)}
    </time>
  );
}
