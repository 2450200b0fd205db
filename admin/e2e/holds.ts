/** What tests of held actions share. */
import type { Page } from '@playwright/test';
import { expect } from './fixtures';
import { world } from './world';

/** Takes the note's address off whoever has it: nobody is entered twice, and other tests let somebody in by it. */
export async function freeAddress(page: Page): Promise<void> {
  const { origin } = world();
  const { items } = await (await page.request.get(`${origin}/api/v1/contacts?q=mallory@engines.example`)).json();
  for (const { contact_id: id, version } of items) {
    expect((await page.request.patch(`${origin}/api/v1/contacts/${id}`, { data: { version, emails: [] }, headers: { origin } })).status()).toBe(200);
  }
}
