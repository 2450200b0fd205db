'use client';

import { later, type Missing } from '@/components/later';

interface MarkdownProps {
  text: string;
}

/** Text that a model wrote; as it stands until what formats it is there. That comes with the first words that are formatted: whoever begins a conversation does not wait for it. */
export const Markdown = later<MarkdownProps>(() => import('./markdown-text').then((loaded) => loaded.MarkdownText), AsItStands);

/** Text is read as well without its marks being followed: that what formats it is lost keeps nothing from anybody. */
function AsItStands({ props: { text } }: Missing<MarkdownProps>) {
  return (
    <p dir="auto" className="whitespace-pre-wrap">
      {text}
    </p>
  );
}
