'use client';

import { useId } from 'react';

interface ChoicesProps<T extends string> {
  label: string;
  hint?: string;
  options: readonly { value: T; label: string; hint?: string }[];
  value: readonly T[];
  onChange: (value: T[]) => void;
  /** Why nothing can be chosen, if so. */
  forbidden?: string | null;
}

/** Any number of a few. */
export function Choices<T extends string>({ label, hint, options, value, onChange, forbidden = null }: ChoicesProps<T>) {
  const name = useId();
  return (
    <fieldset aria-disabled={forbidden !== null || undefined} title={forbidden ?? undefined} className="grid gap-1">
      <legend className="pb-1 text-sm font-medium">{label}</legend>
      {hint !== undefined && <p className="text-sm text-soft">{hint}</p>}
      {options.map((option) => (
        <label key={option.value} className="flex min-h-11 items-center gap-3 rounded-lg px-2 hover:bg-sunken sm:min-h-8">
          <input
            type="checkbox"
            name={name}
            checked={value.includes(option.value)}
            disabled={forbidden !== null}
            onChange={(event) => onChange(event.target.checked ? [...value, option.value] : value.filter((one) => one !== option.value))}
            className="size-4 accent-accent"
          />
          <span className="min-w-0">
            <span className="block text-sm font-medium">{option.label}</span>
            {option.hint !== undefined && <span className="block text-xs text-soft">{option.hint}</span>}
          </span>
        </label>
      ))}
    </fieldset>
  );
}
