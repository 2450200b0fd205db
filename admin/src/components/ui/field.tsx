'use client';

import { useId } from 'react';
import { cx } from '@/lib/cx';

const BOX = 'w-full rounded-lg border border-edge bg-surface px-3 text-ink';

interface FieldProps {
  label: string;
  hint?: string;
  error?: string | null;
  isLabelHidden?: boolean;
  /** Has the focus when its dialog opens. */
  'data-first'?: boolean;
}

function Around({ label, hint, error, isLabelHidden, id, children }: FieldProps & { id: string; children: React.ReactNode }) {
  return (
    <div className="grid gap-1">
      <label htmlFor={id} className={isLabelHidden ? 'sr-only' : 'text-sm font-medium'}>
        {label}
      </label>
      {children}
      {hint !== undefined && (
        <p id={`${id}-hint`} className="text-sm text-soft">
          {hint}
        </p>
      )}
      {error !== undefined && error !== null && (
        <p id={`${id}-error`} role="alert" className="text-sm font-medium text-bad">
          {error}
        </p>
      )}
    </div>
  );
}

function described(id: string, { hint, error }: FieldProps) {
  const ids = [hint !== undefined && `${id}-hint`, error !== undefined && error !== null && `${id}-error`].filter((one) => one !== false);
  return { 'aria-describedby': ids.length === 0 ? undefined : ids.join(' '), 'aria-invalid': error !== undefined && error !== null ? true : undefined };
}

export function Input({ label, hint, error, isLabelHidden, className, ...rest }: FieldProps & React.InputHTMLAttributes<HTMLInputElement>) {
  const id = useId();
  const about = { label, hint, error, isLabelHidden };
  return (
    <Around {...about} id={id}>
      <input {...rest} {...described(id, about)} id={id} className={cx(BOX, 'min-h-11 sm:min-h-9', className)} />
    </Around>
  );
}

export function TextArea({ label, hint, error, isLabelHidden, className, ...rest }: FieldProps & React.TextareaHTMLAttributes<HTMLTextAreaElement>) {
  const id = useId();
  const about = { label, hint, error, isLabelHidden };
  return (
    <Around {...about} id={id}>
      <textarea {...rest} {...described(id, about)} id={id} className={cx(BOX, 'py-2', className)} />
    </Around>
  );
}

export function Select({ label, hint, error, isLabelHidden, className, children, ...rest }: FieldProps & React.SelectHTMLAttributes<HTMLSelectElement>) {
  const id = useId();
  const about = { label, hint, error, isLabelHidden };
  return (
    <Around {...about} id={id}>
      <select {...rest} {...described(id, about)} id={id} className={cx(BOX, 'min-h-11 sm:min-h-9', className)}>
        {children}
      </select>
    </Around>
  );
}
