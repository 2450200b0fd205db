'use client';

import { useEffect, useRef } from 'react';
import { isConflict } from '@/lib/api/problem';
import { Button } from './button';
import { Dialog } from './dialog';
import { Problem } from './states';

interface DialogFormProps {
  children: React.ReactNode;
  cancel: string;
  submit: string;
  isBusy: boolean;
  /** What the last try came to, if it failed. */
  error: unknown;
  /** Said beside the error where somebody else was quicker. */
  conflict?: string;
  /** Why it cannot be sent as it is, if so. */
  forbidden?: string | null;
  onClose: () => void;
  /** Something was written: the wish is another one. */
  onChange?: () => void;
  onSubmit: () => void;
}

/** A form over a page: its fields, what went wrong, and the two ways out. */
export function FormDialog({ title, ...form }: DialogFormProps & { title: string }) {
  return (
    <Dialog title={title} onClose={form.onClose}>
      <DialogForm {...form} />
    </Dialog>
  );
}

/** The same in a dialog that is open already, for example because it had to look something up first. */
export function DialogForm({ children, cancel, submit, isBusy, error, conflict, forbidden = null, onClose, onChange, onSubmit }: DialogFormProps) {
  const form = useRef<HTMLFormElement>(null);
  // A dialog that opens now gives the focus itself; in one that was open before, the form comes to have it.
  useEffect(() => {
    const first = form.current?.querySelector('[data-first]');
    if (form.current?.closest('dialog')?.open === true && first instanceof HTMLElement) first.focus();
  }, []);
  return (
    <form
      ref={form}
      className="grid gap-4"
      onChange={onChange}
      onSubmit={(event) => {
        event.preventDefault();
        if (forbidden === null && !isBusy) onSubmit();
      }}
    >
      {children}
      {error !== null && <Problem error={error} />}
      {conflict !== undefined && isConflict(error) && <p className="text-sm">{conflict}</p>}
      <div className="grid grid-cols-2 gap-2 sm:flex sm:justify-end">
        <Button onClick={onClose}>{cancel}</Button>
        <Button tone="primary" type="submit" isBusy={isBusy} forbidden={forbidden}>
          {submit}
        </Button>
      </div>
    </form>
  );
}
