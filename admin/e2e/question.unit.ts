import { expect, test } from '@playwright/test';
import { answerOf, startOf, type QuestionForm } from '../src/lib/question';
import type { RunEvent } from '../src/lib/run/event';
import { askedOf, fold, NEW_RUN } from '../src/lib/run/fold';

const FORM: QuestionForm = {
  message: 'Which day?',
  fields: [
    { name: 'day', required: true, input: { type: 'text', format: 'date' } },
    { name: 'seats', required: false, input: { type: 'number', whole: true, default: 2 } },
    { name: 'window', required: false, input: { type: 'yes_no', default: false } },
    { name: 'class', required: false, input: { type: 'one_of', options: [{ value: 'first' }, { value: 'second' }] } },
    { name: 'days', required: false, input: { type: 'some_of', options: [{ value: 'mo' }, { value: 'tu' }], default: ['mo'] } },
  ],
};

test('a form begins with what stands there, and what is left empty is not given', () => {
  const begun = startOf(FORM);
  expect(begun).toEqual({ day: '', seats: '2', window: 'no', class: '', days: ['mo'] });
  expect(answerOf(FORM, begun)).toEqual({ seats: 2, window: false, days: ['mo'] });
  expect(answerOf(FORM, { ...begun, day: '2026-03-02', seats: '', window: 'yes', class: 'first', days: [] })).toEqual({ day: '2026-03-02', window: true, class: 'first' });
});

test('a question waits until it is closed, and hearing it again changes nothing', () => {
  const events: RunEvent[] = [
    { event: 'tool.proposed', data: { call_id: 'call_1_0', tool: 'trips.book', arguments: {}, provenance: null } },
    { event: 'tool.started', data: { call_id: 'call_1_0', attempt: 1 } },
    { event: 'question.opened', data: { call_id: 'call_1_0', question_id: 'question_1', server: 'trips', question: FORM, expires_at_ms: 1 } },
  ];
  const asked = [...events, ...events].reduce((run, event, at) => fold(run, event, at + 1), NEW_RUN);
  expect(askedOf(asked).map((one) => [one.id, one.server, one.form.message])).toEqual([['question_1', 'trips', 'Which day?']]);
  const closed = fold(asked, { event: 'question.closed', data: { call_id: 'call_1_0', question_id: 'question_1', outcome: 'answered' } }, 9);
  expect(askedOf(closed)).toEqual([]);
});
