'use client';

import { useId } from 'react';

interface PickProps {
  /** Has the focus when the dialog opens. */
  isFirst?: boolean;
  legend: string;
  options: string[];
  details?: string[];
  value: 0 | 1;
  onPick: (at: 0 | 1) => void;
}

/** One of two, side by side. */
export function Pick({ isFirst = false, legend, options, details, value, onPick }: PickProps) {
  const name = useId();
  return (
    <fieldset className="grid gap-1">
      <legend className="pb-1 text-sm font-medium">{legend}</legend>
      <div className="grid grid-cols-2 gap-2">
        {([0, 1] as const).map((at) => (
          <label key={at} className="flex min-h-11 items-start gap-2 rounded-lg border border-edge p-2.5 has-checked:border-accent has-checked:bg-accent-wash">
            <input type="radio" name={name} data-first={isFirst && value === at ? true : undefined} checked={value === at} onChange={() => onPick(at)} className="mt-0.5 size-4 shrink-0 accent-accent" />
            <span className="min-w-0 text-sm break-words">
              <bdi>{options[at]}</bdi>
              {details?.[at] !== undefined && details[at] !== '' && (
                <span className="block text-xs text-soft">
                  <bdi>{details[at]}</bdi>
                </span>
              )}
            </span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}
