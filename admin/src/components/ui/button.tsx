'use client';

import { useId } from 'react';
import { cx } from '@/lib/cx';

type Tone = 'primary' | 'quiet' | 'plain' | 'danger';

const TONES: Record<Tone, string> = {
  primary: 'bg-accent text-accent-ink hover:brightness-110',
  quiet: 'border border-edge bg-surface text-ink hover:bg-sunken',
  plain: 'text-soft hover:bg-sunken hover:text-ink',
  danger: 'border border-bad bg-surface text-bad hover:bg-bad-wash',
};

const SHAPE = 'inline-flex [&>svg]:shrink-0 items-center justify-center gap-2 rounded-lg font-medium whitespace-nowrap select-none transition-colors';

export function buttonLooks(tone: Tone, size: 'small' | 'usual' = 'usual'): string {
  return cx(SHAPE, TONES[tone], size === 'small' ? 'min-h-8 px-2.5 text-sm' : 'min-h-11 px-4 sm:min-h-9 sm:px-3.5');
}

interface ButtonProps extends React.ButtonHTMLAttributes<HTMLButtonElement> {
  tone?: Tone;
  size?: 'small' | 'usual';
  isBusy?: boolean;
  /** Why it cannot be used now: it stays in place, can be reached, and says so. */
  forbidden?: string | null;
  /** Has the focus when its dialog opens. */
  'data-first'?: boolean;
}

export function Button({ tone = 'quiet', size = 'usual', isBusy = false, forbidden = null, className, children, onClick, type = 'button', disabled, ...rest }: ButtonProps) {
  const why = useId();
  const isOff = forbidden !== null || isBusy;
  return (
    <>
      <button
        {...rest}
        type={type}
        disabled={disabled}
        aria-disabled={isOff || undefined}
        aria-busy={isBusy || undefined}
        aria-describedby={forbidden === null ? rest['aria-describedby'] : why}
        title={forbidden ?? rest.title}
        className={cx(buttonLooks(tone, size), (isOff || disabled) && 'cursor-not-allowed opacity-55', className)}
        onClick={(event) => {
          if (isOff) event.preventDefault();
          else onClick?.(event);
        }}
      >
        {children}
      </button>
      {forbidden !== null && (
        <span id={why} className="sr-only">
          {forbidden}
        </span>
      )}
    </>
  );
}

interface IconButtonProps extends React.ButtonHTMLAttributes<HTMLButtonElement> {
  label: string;
}

/** A button that is a picture: its name is read out and shown on hover. */
export function IconButton({ label, className, children, type = 'button', ...rest }: IconButtonProps) {
  return (
    <button {...rest} type={type} aria-label={label} title={label} className={cx('inline-flex size-11 items-center justify-center rounded-lg text-soft hover:bg-sunken hover:text-ink sm:size-9', className)}>
      {children}
    </button>
  );
}
