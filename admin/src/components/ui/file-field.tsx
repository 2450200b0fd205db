'use client';

import { useId, useState } from 'react';
import { useTranslations } from 'use-intl';

interface FileFieldProps {
  label: string;
  hint?: string;
  /** Which files the browser's chooser offers. */
  accept: string;
  isMultiple?: boolean;
  onFiles: (files: File[]) => void;
}

/** A file that is chosen. The browser's own field says the same in its own language, which need not be that of the page: it is there, and not seen. */
export function FileField({ label, hint, accept, isMultiple = false, onFiles }: FileFieldProps) {
  const t = useTranslations('fileField');
  const id = useId();
  const [names, setNames] = useState<string[]>([]);
  return (
    <div className="grid gap-1">
      <span id={id} className="text-sm font-medium">
        {label}
      </span>
      <label className="relative flex min-h-11 cursor-pointer items-center gap-3 rounded-lg border border-edge bg-surface p-1.5 text-sm focus-within:outline-2 focus-within:outline-accent">
        <input
          type="file"
          accept={accept}
          multiple={isMultiple}
          aria-labelledby={id}
          aria-describedby={hint === undefined ? undefined : `${id}-hint`}
          className="absolute inset-0 size-full cursor-pointer opacity-0"
          onChange={(event) => {
            const files = [...(event.target.files ?? [])];
            setNames(files.map((file) => file.name));
            onFiles(files);
          }}
        />
        <span className="shrink-0 rounded-md bg-sunken px-3 py-1.5 font-medium">{isMultiple ? t('chooseMany') : t('choose')}</span>
        <span className="min-w-0 truncate text-soft">{names.length === 0 ? t('none') : <bdi>{names.join(', ')}</bdi>}</span>
      </label>
      {hint !== undefined && (
        <p id={`${id}-hint`} className="text-sm text-soft">
          {hint}
        </p>
      )}
    </div>
  );
}
