'use client';

import { useState } from 'react';
import { useTranslations } from 'use-intl';
import { Button } from '@/components/ui/button';
import { Dialog } from '@/components/ui/dialog';
import { TextArea } from '@/components/ui/field';
import { Over } from '@/components/ui/over';
import { Problem } from '@/components/ui/states';
import { idempotencyKey } from '@/lib/api/client';
import { argumentsOf, fieldsOf } from '@/lib/edit-arguments';
import { pointerInWords } from '@/lib/json';
import { hasUnseen } from '@/lib/seen';
import type { Hold } from './use-hold';

const LETTERS_A_LINE = 48;
const LINES_MAX = 10;

interface EditDialogProps {
  shown: Hold;
  /** Why it cannot be edited any more, if so. */
  over: string | null;
  isBusy: boolean;
  error: unknown;
  /** The key makes the same wish, sent twice, one; another wish has another. */
  onEdit: (args: Record<string, unknown>, key: string) => void;
  onClose: () => void;
}

/** The arguments in one's own words. What comes of it waits again, as its own card: editing approves nothing. */
export function EditDialog({ shown, over, isBusy, error, onEdit, onClose }: EditDialogProps) {
  const t = useTranslations('hold');
  const before = fieldsOf(shown.arguments);
  const [fields, setFields] = useState(before);
  const [key, setKey] = useState(idempotencyKey);
  const { arguments: args, wrong } = argumentsOf(fields);
  const isSame = JSON.stringify(fields) === JSON.stringify(before);
  return (
    <Dialog title={t('editTitle')} onClose={onClose}>
      <form
        className="grid gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          if (wrong.length === 0 && !isSame && over === null) onEdit(args, key);
        }}
      >
        <p className="text-sm text-soft">{t('editHint')}</p>
        {fields.map((field, at) => (
          <TextArea
            key={field.name}
            data-first={at === 0 || undefined}
            label={pointerInWords(`/${field.name}`)}
            hint={hasUnseen(field.text) ? t('editUnseen') : undefined}
            error={wrong.includes(field.name) ? t('noJson') : null}
            rows={Math.min(LINES_MAX, Math.max(1, field.text.split('\n').length, Math.ceil(field.text.length / LETTERS_A_LINE)))}
            dir={field.kind === 'text' ? 'auto' : 'ltr'}
            spellCheck={field.kind === 'text'}
            className={field.kind === 'json' ? 'font-mono text-sm' : undefined}
            value={field.text}
            onChange={(event) => {
              setFields(fields.map((one) => (one.name === field.name ? { ...one, text: event.target.value } : one)));
              setKey(idempotencyKey());
            }}
          />
        ))}
        {error !== null && <Problem error={error} />}
        <Over why={over} />
        <div className="grid grid-cols-2 gap-2 sm:flex sm:justify-end">
          <Button onClick={onClose}>{t('notNow')}</Button>
          <Button type="submit" tone="primary" isBusy={isBusy} forbidden={over ?? (isSame ? t('nothingEdited') : null)}>
            {t('editTake')}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
