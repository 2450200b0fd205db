'use client';

import { useEffect, useRef } from 'react';
import { useTranslations } from 'use-intl';
import { Input } from '@/components/ui/field';
import { problemOf } from '@/lib/api/problem';

interface CodeInputProps {
  hint: string;
  error: string | null;
  /** It appeared because it is needed now. */
  hasFocus?: boolean;
}

/** Where a code of the app goes. Phones offer the digits, and the code that they know of. */
export function CodeInput({ hint, error, hasFocus = false }: CodeInputProps) {
  const t = useTranslations('factor');
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (hasFocus) box.current?.querySelector('input')?.focus();
  }, [hasFocus]);
  return (
    <div ref={box}>
      <Input
        label={t('code')}
        hint={hint}
        error={error}
        name="code"
        dir="ltr"
        inputMode="text"
        autoComplete="one-time-code"
        autoCapitalize="none"
        spellCheck={false}
        maxLength={64}
        required
        className="font-mono tracking-widest"
      />
    </div>
  );
}

/** Whether it was the code that the server refused. */
export function isWrongCode(error: unknown): boolean {
  return problemOf(error)?.fields.some((field) => field.path === '/code') === true;
}
