import { expect, test } from '@playwright/test';
import { draftFrom, NO_DRAFT } from '../src/lib/draft';

test('of what a tab kept only a draft of somebody is taken up', () => {
  for (const kept of [null, '', 'x', '7', 'null', '[]', '{}', '{"personId":"person_1"}', '{"draft":{"text":"x"}}']) expect(draftFrom(kept)).toBeNull();
  const file = { document_id: 'doc_1', name: 'a.txt', bytes: 3, isOfEarlier: true };
  const kept = JSON.stringify({ personId: 'person_1', draft: { text: 'Hello', files: [file, { document_id: 'doc_2' }, 7], agent: 3 } });
  expect(draftFrom(kept)).toEqual({ personId: 'person_1', draft: { ...NO_DRAFT, text: 'Hello', files: [file] } });
});
