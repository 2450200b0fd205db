import { expect, test } from '@playwright/test';
import { QueryClient } from '@tanstack/react-query';
import { heardOfMe, heardOfOtherTab } from '../src/lib/me';
import { keepDraft, NEW, NO_DRAFT, readDraft } from '../src/lib/draft';

const ADA = { person_id: 'person_ada' } as const;

/** A tab in which Ada reads and writes something. */
function tab(): QueryClient {
  const kept = new Map<string, string>();
  const handle = { getItem: (name: string) => kept.get(name) ?? null, setItem: (name: string, value: string) => void kept.set(name, value), removeItem: (name: string) => void kept.delete(name) };
  // Its keys are what it holds, as a browser's are.
  const sessionStorage = new Proxy(handle, { ownKeys: () => [...kept.keys()], getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true }) });
  Object.assign(globalThis, { sessionStorage });
  const client = new QueryClient();
  client.setQueryData(['me'], ADA);
  client.setQueryData(['contacts'], ['Grace']);
  keepDraft(ADA.person_id, NEW, { ...NO_DRAFT, text: 'Mine alone.' });
  return client;
}

test('a sign-out in another tab takes what was read and written here, and a sign-in takes nothing before it is known whose', () => {
  const client = tab();
  heardOfOtherTab(client, 'in');
  expect([client.getQueryData(['me']), client.getQueryData(['contacts']), readDraft(ADA.person_id, NEW).text]).toEqual([ADA, ['Grace'], 'Mine alone.']);
  heardOfOtherTab(client, 'out');
  expect([client.getQueryData(['me']), client.getQueryData(['contacts']), readDraft(ADA.person_id, NEW)]).toEqual([undefined, undefined, NO_DRAFT]);
});

test('what others wrote in this tab goes as soon as it is known who is signed in, also where nobody was known before', () => {
  const me = (id: string) => ({ person_id: id, display_name: '', email: '', organisation: '', organisation_id: '', method: 'link', has_password: false, permissions: [], places: [], roles: [] });
  const client = tab();
  client.removeQueries({ queryKey: ['me'] });
  heardOfMe(client, me(ADA.person_id));
  expect(readDraft(ADA.person_id, NEW).text).toBe('Mine alone.');
  heardOfMe(client, me('person_elsa'));
  expect(readDraft(ADA.person_id, NEW)).toEqual(NO_DRAFT);
});
