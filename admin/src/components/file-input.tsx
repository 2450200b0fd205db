'use client';

import type { RefObject } from 'react';
import { ACCEPT } from '@/lib/uploads';

/** The browser's own way to choose files, opened by a button beside it. */
export function FileInput({ input, label, onFiles }: { input: RefObject<HTMLInputElement | null>; label: string; onFiles: (files: Iterable<File>) => void }) {
  return (
    <input
      ref={input}
      type="file"
      multiple
      accept={ACCEPT}
      aria-label={label}
      tabIndex={-1}
      className="hidden"
      onChange={(event) => {
        onFiles(event.target.files ?? []);
        // The same file may be chosen again.
        event.target.value = '';
      }}
    />
  );
}
