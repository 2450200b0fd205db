'use client';

import { useEffect, useState } from 'react';
import { Input } from '@/components/ui/field';

/** How long after the last letter a search is made. */
const TYPING_MS = 300;

/** Words to look for. They take effect when the typing pauses, and live in the address. */
export function SearchField({ label, value, onChange }: { label: string; value: string; onChange: (words: string) => void }) {
  const [words, setWords] = useState(value);
  const [seen, setSeen] = useState(value);
  const [sent, setSent] = useState(value);
  // A value that did not come from here, a cleared filter for example, takes the place of what was typed.
  if (value !== seen) {
    setSeen(value);
    if (value !== sent) setWords(value);
  }
  useEffect(() => {
    if (words === value) return undefined;
    const timer = setTimeout(() => {
      setSent(words);
      onChange(words);
    }, TYPING_MS);
    return () => {
      clearTimeout(timer);
    };
  }, [words, value, onChange]);
  return <Input label={label} isLabelHidden type="search" placeholder={label} value={words} onChange={(event) => setWords(event.target.value)} />;
}
