import { expect, test } from '@playwright/test';
import { draftFrom, NO_DRAFT, withoutSent } from '../src/lib/draft';

test('of what a tab kept only a draft of somebody is taken up', () => {
  for (const kept of [null, '', 'x', '7', 'null', '[]', '{}', '{"personId":"person_1"}', '{"draft":{"text":"x"}}']) expect(draftFrom(kept)).toBeNull();
  const file = { document_id: 'doc_1', name: 'a.txt', bytes: 3, isOfEarlier: true };
  const kept = JSON.stringify({ personId: 'person_1', draft: { text: 'Hello', files: [file, { document_id: 'doc_2' }, 7], agent: 3 } });
  expect(draftFrom(kept)).toEqual({ personId: 'person_1', draft: { ...NO_DRAFT, text: 'Hello', files: [file] } });
});

test('what was sent is no part of a draft, and what was written or given meanwhile stays', () => {
  const [sent, along] = ['doc_1', 'doc_2'].map((document_id) => ({ document_id, name: 'a.txt', bytes: 3, isOfEarlier: false }));
  if (sent === undefined || along === undefined) throw new Error('two files');
  const message = { of: 'new', words: 'Hello', ids: ['doc_1'] };
  const draft = { ...NO_DRAFT, text: 'Hello', files: [sent, along], agent: 'assistant' };
  expect(withoutSent(draft, message)).toEqual({ ...draft, text: '', files: [along] });
  expect(withoutSent({ ...draft, text: 'Something else.' }, message)).toEqual({ ...draft, text: 'Something else.', files: [along] });
});
