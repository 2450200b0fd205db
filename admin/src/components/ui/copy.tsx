'use client';

import { Check, Copy as CopyIcon } from 'lucide-react';
import { useRef, useState } from 'react';
import { useTranslations } from 'use-intl';
import { useToast } from './toast';

/** How far up from the button its text is looked for. */
const STEPS_UP = 3;

/** Selects the text near the button, so that one key copies it; nothing where it does not stand there whole. */
function selectNear(button: HTMLElement, text: string): void {
  const bare = (some: string | null) => some?.replaceAll(/\s/g, '');
  let around = button.parentElement;
  for (let step = 0; step < STEPS_UP && around !== null; step += 1) {
    const found = [...around.querySelectorAll('code, pre, ul')].find((one) => bare(one.textContent) === bare(text));
    if (found !== undefined) {
      getSelection()?.selectAllChildren(found);
      return;
    }
    around = around.parentElement;
  }
}

/** Puts a text on the clipboard. Where the browser refuses that, it says so and selects the text. */
export function Copy({ text, label }: { text: string; label?: string }) {
  const t = useTranslations('common');
  const toast = useToast();
  const [state, setState] = useState<'done' | 'refused' | null>(null);
  const button = useRef<HTMLButtonElement>(null);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setState('done');
      toast(t('copied'));
    } catch {
      setState('refused');
      if (button.current !== null) selectNear(button.current, text);
    }
  };
  const name = label ?? t('copy');
  return (
    <>
      <button ref={button} type="button" aria-label={name} title={name} onClick={() => void copy()} className="inline-flex size-7 shrink-0 items-center justify-center rounded-md text-soft hover:bg-sunken hover:text-ink">
        {state === 'done' ? <Check className="size-3.5" aria-hidden /> : <CopyIcon className="size-3.5" aria-hidden />}
      </button>
      {state === 'refused' && (
        <span role="alert" className="text-xs text-bad">
          {t('copyByHand')}
        </span>
      )}
    </>
  );
}
