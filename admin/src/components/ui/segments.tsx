'use client';

import { cx } from '@/lib/cx';

/** One of a few: a filter that shows all its choices. */
export function Segments<T extends string>({ label, options, value, onChange }: { label: string; options: readonly { value: T; label: string }[]; value: T; onChange: (value: T) => void }) {
  return (
    <div role="group" aria-label={label} className="flex w-fit max-w-full gap-0.5 overflow-x-auto rounded-lg bg-sunken p-0.5">
      {options.map((option) => (
        <button
          key={option.value}
          type="button"
          aria-pressed={option.value === value}
          onClick={() => {
            onChange(option.value);
          }}
          className={cx('min-h-9 shrink-0 rounded-md px-3 text-sm font-medium sm:min-h-8', option.value === value ? 'bg-surface text-ink shadow-sm' : 'text-soft hover:text-ink')}
        >
          <span className="inline-block first-letter:uppercase">{option.label}</span>
        </button>
      ))}
    </div>
  );
}
