'use client';

import { useTranslations } from 'use-intl';
import { useArgumentRole } from '@/components/argument-role';
import { Badge } from '@/components/ui/badge';
import { Input, Select, TextArea } from '@/components/ui/field';
import { isReceiver, kindsOf, type RangeField, type RangeKind } from '@/lib/grant-form';
import { pointerInWords } from '@/lib/json';
import { hasUnseen } from '@/lib/seen';

const LINES_MAX = 6;

/** Which values of each argument are granted. */
export function RangeFields({ fields, wrong, onChange }: { fields: readonly RangeField[]; wrong: readonly string[]; onChange: (fields: RangeField[]) => void }) {
  const t = useTranslations('grants');
  const change = (path: string, next: Partial<RangeField>) => onChange(fields.map((field) => (field.path === path ? { ...field, ...next } : field)));
  if (fields.length === 0) return <p className="text-sm text-soft">{t('noArguments')}</p>;
  return (
    <div className="grid gap-3">
      {fields.map((field) => (
        <One key={field.path} field={field} isWrong={wrong.includes(field.path)} onChange={(next) => change(field.path, next)} />
      ))}
    </div>
  );
}

interface OneProps {
  field: RangeField;
  isWrong: boolean;
  onChange: (next: Partial<RangeField>) => void;
}

function One({ field, isWrong, onChange }: OneProps) {
  const t = useTranslations('grants');
  const hold = useTranslations('hold');
  const roleName = useArgumentRole();
  const name = pointerInWords(field.path);
  const kinds = kindsOf(field);
  return (
    <fieldset className="grid gap-2 rounded-lg border border-line p-3">
      <legend className="flex flex-wrap items-center gap-2 px-1 text-sm font-medium">
        <bdi>{name}</bdi>
        {field.role !== null && <Badge tone={isReceiver(field.role) ? 'wait' : 'plain'}>{roleName(field.role)}</Badge>}
      </legend>
      <Select label={t('covers', { name })} isLabelHidden value={field.kind} onChange={(event) => onChange({ kind: kinds.find((one) => one === event.target.value) ?? field.kind })}>
        {kinds.map((kind: RangeKind) => (
          <option key={kind} value={kind}>
            {t(`kind.${kind}`)}
          </option>
        ))}
      </Select>
      {field.kind === 'one' && (
        <TextArea
          label={t('valuesOf', { name })}
          isLabelHidden
          hint={[field.type === 'text' ? t('valuesHint') : t('valuesJsonHint'), ...(hasUnseen(field.values) ? [hold('editUnseen')] : [])].join(' ')}
          error={isWrong ? t('wrong.one') : null}
          rows={Math.min(LINES_MAX, field.values.split('\n').length)}
          dir={field.type === 'text' ? 'auto' : 'ltr'}
          spellCheck={false}
          value={field.values}
          onChange={(event) => onChange({ values: event.target.value })}
        />
      )}
      {field.kind === 'between' && (
        <div className="grid grid-cols-2 gap-2">
          <Input label={t('least')} dir="ltr" inputMode="numeric" value={field.min} error={isWrong ? t('wrong.between') : null} onChange={(event) => onChange({ min: event.target.value })} />
          <Input label={t('most')} dir="ltr" inputMode="numeric" value={field.max} onChange={(event) => onChange({ max: event.target.value })} />
        </div>
      )}
      {field.kind === 'letters' && (
        <Input label={t('lettersMax')} dir="ltr" inputMode="numeric" value={field.letters} error={isWrong ? t('wrong.letters') : null} onChange={(event) => onChange({ letters: event.target.value })} />
      )}
      {isReceiver(field.role) && <p className="text-sm text-soft">{t('receiver')}</p>}
    </fieldset>
  );
}
