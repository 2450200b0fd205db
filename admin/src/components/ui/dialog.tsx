'use client';

import { X } from 'lucide-react';
import { useEffect, useId, useLayoutEffect, useRef } from 'react';
import { useTranslations } from 'use-intl';
import { cx } from '@/lib/cx';
import { IconButton } from './button';

interface DialogProps {
  title: string;
  onClose: () => void;
  children: React.ReactNode;
  /** `side` stands at the edge of wide screens, for looking something up while the list stays in view. */
  place?: 'middle' | 'side';
  /** As tall as it may be from the first moment on: what comes later then moves nothing. */
  isTall?: boolean;
}

/**
 * The browser's own modal: it keeps the focus, closes on Escape, and rises from below on a phone. Mounted means open.
 * A press beside it closes it too, but not where a form in it, or a field for sentences, holds something that was written: that is left on purpose only.
 */
export function Dialog({ title, onClose, children, place = 'middle', isTall = false }: DialogProps) {
  const t = useTranslations('common');
  const box = useRef<HTMLDialogElement>(null);
  const name = useId();
  const isPressedBeside = useRef(false);
  const isWritten = useRef(false);
  useEffect(() => {
    const dialog = box.current;
    if (dialog && !dialog.open) {
      dialog.showModal();
      // The browser takes the first thing that can have the focus, which is the way out: what the dialog is for comes first.
      const first = dialog.querySelector('[data-first]');
      if (first instanceof HTMLElement) first.focus();
    }
  }, []);
  // While it is still there: only then the browser gives the focus back to what had it.
  useLayoutEffect(() => {
    const dialog = box.current;
    return () => {
      dialog?.close();
    };
  }, []);
  return (
    <dialog
      ref={box}
      aria-labelledby={name}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onInput={({ target }) => {
        if (target instanceof Element && target.closest('dialog') === box.current && (target instanceof HTMLTextAreaElement || target.closest('form') !== null)) isWritten.current = true;
      }}
      // A selection of text that begins inside and ends beside it is a click on it too: what counts is where it began.
      onPointerDown={(event) => {
        isPressedBeside.current = event.target === box.current;
      }}
      onClick={(event) => {
        if (event.target === box.current && isPressedBeside.current && !isWritten.current) onClose();
      }}
      className={cx(
        'fixed m-0 bg-surface p-0 text-ink shadow-xl outline-none',
        'inset-x-0 top-auto bottom-0 max-h-[88dvh] w-full max-w-none rounded-t-2xl',
        place === 'middle'
          ? 'sm:inset-0 sm:m-auto sm:max-h-[85dvh] sm:w-[min(34rem,calc(100vw-3rem))] sm:rounded-2xl'
          : 'sm:inset-y-0 sm:start-auto sm:end-0 sm:h-dvh sm:max-h-none sm:w-[min(36rem,calc(100vw-3rem))] sm:rounded-none',
        isTall && 'h-[88dvh]',
        place === 'middle' && (isTall ? 'sm:h-[min(40rem,85dvh)]' : 'sm:h-fit'),
      )}
    >
      <div className="flex max-h-[88dvh] flex-col sm:max-h-[inherit] sm:h-full">
        <header className="flex items-center justify-between gap-3 border-b border-line px-4 py-2.5">
          <h2 id={name} className="min-w-0 text-base font-semibold">
            {title}
          </h2>
          <IconButton label={t('close')} onClick={onClose} className="-me-2">
            <X className="size-4" aria-hidden />
          </IconButton>
        </header>
        <div className="grid gap-4 overflow-y-auto p-4 pb-[max(1rem,env(safe-area-inset-bottom))]">{children}</div>
      </div>
    </dialog>
  );
}
