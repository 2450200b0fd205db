import { expect, test } from '@playwright/test';
import { addressOf, addressToPost } from '../src/lib/api/address';

test('an address has its parts in place, and says nothing of what says nothing', () => {
  expect(addressOf('/api/v1/runs/{id}/events', { path: { id: 'run_1/x' } })).toBe('/api/v1/runs/run_1%2Fx/events');
  expect(addressOf('/api/v1/runs/{id}/events', { path: { id: 'run_1' }, query: { after: 0, follow: false } })).toBe('/api/v1/runs/run_1/events?after=0&follow=false');
  expect(addressOf('/api/v1/holds', { query: { q: 'a b&c', mine: true, tool: '', role: undefined } })).toBe('/api/v1/holds?q=a+b%26c&mine=true');
  expect(addressOf('/api/v1/contacts', {})).toBe('/api/v1/contacts');
  expect(addressToPost('/api/v1/documents', { query: { name: 'terms.md', for: 'me' } })).toBe('/api/v1/documents?name=terms.md&for=me');
});

test('a path, a part of one or a filter that the interface does not have does not compile', () => {
  // The compiler is what tries this: below each mark it has to find a fault.
  const made = [
    // @ts-expect-error: there is no such path.
    addressOf('/api/v1/nothing', {}),
    // @ts-expect-error: nothing is read there.
    addressOf('/api/v1/session/prove', {}),
    // @ts-expect-error: its part is missing.
    addressOf('/api/v1/runs/{id}/events', {}),
    // @ts-expect-error: its part has another name.
    addressOf('/api/v1/runs/{id}/events', { path: { run: 'run_1' } }),
    // @ts-expect-error: there is no such filter.
    addressOf('/api/v1/holds', { query: { nobody: 'x' } }),
    // @ts-expect-error: the filter takes no text.
    addressOf('/api/v1/holds', { query: { mine: 'true' } }),
    // @ts-expect-error: nothing is sent there.
    addressToPost('/api/v1/usage', {}),
    // @ts-expect-error: it is for nobody of that name.
    addressToPost('/api/v1/documents', { query: { for: 'everybody' } }),
  ];
  expect(made).toHaveLength(8);
});
