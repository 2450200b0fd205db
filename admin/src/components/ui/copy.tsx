'use client';

import { Check, Copy as CopyIcon } from 'lucide-react';
import { useState } from 'react';
import { useTranslations } from 'use-intl';
import { useToast } from './toast';

/** Puts a text on the clipboard. */
export function Copy({ text, label }: { text: string; label?: string }) {
  const t = useTranslations('common');
  const toast = useToast();
  const [isDone, setIsDone] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    setIsDone(true);
    toast(t('copied'));
  };
  const name = label ?? t('copy');
  return (
    <button type="button" aria-label={name} title={name} onClick={() => void copy()} className="inline-flex size-7 items-center justify-center rounded-md text-soft hover:bg-sunken hover:text-ink">
      {isDone ? <Check className="size-3.5" aria-hidden /> : <CopyIcon className="size-3.5" aria-hidden />}
    </button>
  );
}
