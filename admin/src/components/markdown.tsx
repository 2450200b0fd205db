'use client';

import { lazy, Suspense } from 'react';

// Comes with the first words that are formatted: whoever begins a conversation does not wait for it.
const MarkdownText = lazy(() => import('./markdown-text').then(({ MarkdownText: one }) => ({ default: one })));

/** Text that a model wrote; as it stands until what formats it is there. */
export function Markdown({ text }: { text: string }) {
  return (
    <Suspense
      fallback={
        <p dir="auto" className="whitespace-pre-wrap">
          {text}
        </p>
      }
    >
      <MarkdownText text={text} />
    </Suspense>
  );
}
