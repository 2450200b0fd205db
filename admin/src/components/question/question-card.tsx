'use client';

import { useMutation } from '@tanstack/react-query';
import { MessageCircleQuestion } from 'lucide-react';
import { useState } from 'react';
import { useTranslations } from 'use-intl';
import { Button } from '@/components/ui/button';
import { Choices } from '@/components/ui/choices';
import { Input, Select } from '@/components/ui/field';
import { Problem } from '@/components/ui/states';
import { Ago } from '@/components/ui/time';
import { answer, api } from '@/lib/api/client';
import { problemOf } from '@/lib/api/problem';
import { answerOf, boxOf, startOf, type Filled, type QuestionField } from '@/lib/question';
import type { AskedQuestion } from '@/lib/run/fold';
import { hasUnseen, seen } from '@/lib/seen';
import { wishKeys } from '@/lib/wish';

/** What a server asks in the middle of a call. Its words are its own; what is given goes to it alone. */
export function QuestionCard({ asked }: { asked: AskedQuestion }) {
  const t = useTranslations('question');
  const [filled, setFilled] = useState<Filled>(() => startOf(asked.form));
  const [keys] = useState(wishKeys);
  // Said again after an answer that was lost on the way, it is the same wish.
  const params = (...wish: unknown[]) => ({ path: { id: asked.id }, header: { 'Idempotency-Key': keys.of(wish) } });
  const give = useMutation({
    mutationFn: () => {
      const body = { content: answerOf(asked.form, filled) };
      return answer(api.POST('/api/v1/questions/{id}/answer', { params: params('answer', body), body }));
    },
  });
  const decline = useMutation({ mutationFn: () => answer(api.POST('/api/v1/questions/{id}/decline', { params: params('decline') })) });
  const cancel = useMutation({ mutationFn: () => answer(api.POST('/api/v1/questions/{id}/cancel', { params: params('cancel') })) });
  const isBusy = give.isPending || decline.isPending || cancel.isPending;
  const failure = give.error ?? decline.error ?? cancel.error;
  const wrong = give.error === null ? [] : (problemOf(give.error)?.fields ?? []);
  const errorOf = (name: string) => wrong.find((one) => one.path === `/content/${name}`)?.message ?? null;
  const isTold = wrong.some((one) => asked.form.fields.some((field) => one.path === `/content/${field.name}`));
  return (
    <form
      aria-label={t('card', { server: asked.server })}
      className="grid gap-3 rounded-xl border border-wait bg-surface p-4"
      onSubmit={(event) => {
        event.preventDefault();
        if (!isBusy) give.mutate();
      }}
    >
      <h2 className="flex items-center gap-2 font-semibold">
        <MessageCircleQuestion className="size-5 shrink-0 text-wait" aria-hidden />
        <span>{t('asks', { server: asked.server })}</span>
      </h2>
      <blockquote dir="auto" className="border-s-2 border-edge ps-3 whitespace-pre-wrap break-words">
        {seen(asked.form.message)}
      </blockquote>
      {asked.form.fields.map((field) => (
        <Field
          key={field.name}
          field={field}
          value={filled[field.name] ?? ''}
          error={errorOf(field.name)}
          onChange={(value) => {
            setFilled({ ...filled, [field.name]: value });
          }}
        />
      ))}
      <p className="text-sm text-soft">
        {t('hint', { server: asked.server })} {t('until')} <Ago at={new Date(asked.expiresAtMs).toISOString()} />
      </p>
      {failure !== null && !isTold && <Problem error={failure} />}
      <div className="flex flex-wrap gap-2">
        <Button type="submit" tone="primary" isBusy={give.isPending}>
          {t('answer')}
        </Button>
        <Button
          isBusy={decline.isPending}
          onClick={() => {
            decline.mutate();
          }}
        >
          {t('decline')}
        </Button>
        <Button
          tone="plain"
          isBusy={cancel.isPending}
          onClick={() => {
            cancel.mutate();
          }}
        >
          {t('cancel')}
        </Button>
      </div>
    </form>
  );
}

interface FieldProps {
  field: QuestionField;
  value: string | string[];
  error: string | null;
  onChange: (value: string | string[]) => void;
}

function Field({ field, value, error, onChange }: FieldProps) {
  const t = useTranslations('question');
  const hold = useTranslations('hold');
  const name = seen(field.title ?? field.name);
  const label = field.required ? name : t('optional', { name });
  const { input } = field;
  const text = typeof value === 'string' ? value : '';
  const hints = [...(field.description == null ? [] : [seen(field.description)]), ...(input.type === 'text' && hasUnseen(text) ? [hold('editUnseen')] : [])];
  const about = { label, hint: hints.length === 0 ? undefined : hints.join(' '), error };
  switch (input.type) {
    case 'text':
      return <Input {...about} type={boxOf(field)} dir="auto" required={field.required} minLength={input.length_min ?? undefined} maxLength={input.length_max ?? undefined} value={text} onChange={(event) => onChange(event.target.value)} />;
    case 'number':
      return (
        <Input
          {...about}
          type="number"
          required={field.required}
          step={input.whole ? 1 : 'any'}
          min={input.minimum ?? undefined}
          max={input.maximum ?? undefined}
          value={text}
          onChange={(event) => onChange(event.target.value)}
        />
      );
    case 'yes_no':
      return (
        <Select {...about} required={field.required} value={text} onChange={(event) => onChange(event.target.value)}>
          <option value="">{t('choose')}</option>
          <option value="yes">{t('yes')}</option>
          <option value="no">{t('no')}</option>
        </Select>
      );
    case 'one_of':
      return (
        <Select {...about} required={field.required} value={text} onChange={(event) => onChange(event.target.value)}>
          <option value="">{t('choose')}</option>
          {input.options.map((option) => (
            <option key={option.value} value={option.value}>
              {seen(option.title ?? option.value)}
            </option>
          ))}
        </Select>
      );
    case 'some_of':
      return (
        <div className="grid gap-1">
          <Choices label={label} hint={about.hint} options={input.options.map((option) => ({ value: option.value, label: seen(option.title ?? option.value) }))} value={typeof value === 'string' ? [] : value} onChange={onChange} />
          {error !== null && (
            <p role="alert" className="text-sm font-medium text-bad">
              {error}
            </p>
          )}
        </div>
      );
  }
}
