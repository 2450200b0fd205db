import type { Schemas } from '@/lib/api/client';

export type QuestionForm = Schemas['QuestionForm'];
export type QuestionField = Schemas['QuestionFieldView'];

/** What stands in the fields of a form: form-shaped, translated when it is sent. */
export type Filled = Record<string, string | string[]>;

/** What stands there before the person writes. */
export function startOf(form: QuestionForm): Filled {
  return Object.fromEntries(form.fields.map((field) => [field.name, beginningOf(field)]));
}

function beginningOf({ input }: QuestionField): string | string[] {
  switch (input.type) {
    case 'text':
    case 'one_of':
      return input.default ?? '';
    case 'number':
      return input.default == null ? '' : String(input.default);
    case 'yes_no':
      return input.default == null ? '' : input.default ? 'yes' : 'no';
    case 'some_of':
      return input.default;
  }
}

/** The answer: what was left empty is not given. */
export function answerOf(form: QuestionForm, filled: Filled): Record<string, unknown> {
  const given: [string, unknown][] = [];
  for (const field of form.fields) {
    const value = filled[field.name] ?? '';
    if (value.length === 0) continue;
    given.push([field.name, valueOf(field, value)]);
  }
  return Object.fromEntries(given);
}

function valueOf({ input }: QuestionField, value: string | string[]): unknown {
  if (input.type === 'number') return Number(value);
  if (input.type === 'yes_no') return value === 'yes';
  return value;
}

/** The kind of box a text is written in. */
export function boxOf({ input }: QuestionField): 'text' | 'email' | 'url' | 'date' {
  if (input.type !== 'text') return 'text';
  if (input.format === 'email') return 'email';
  if (input.format === 'uri') return 'url';
  return input.format === 'date' ? 'date' : 'text';
}
