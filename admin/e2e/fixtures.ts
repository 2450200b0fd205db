import { expect, test as base, type Page, type TestInfo } from '@playwright/test';
import { PASSWORD, STATE, world } from './world';

/** What the browser complains of although it is meant to be so: an answer that says no, and a worker that is kept out. */
const EXPECTED = /Failed to load resource: (the server responded with a status of [45]\d\d|net::ERR_INTERNET_DISCONNECTED|net::ERR_FAILED)|^Service Worker registration blocked by Playwright/;

/** Letting somebody in takes the owner's password of the last ten minutes, and all tests take longer than that. */
const PROOF_MS = 4 * 60_000;
let provedAt = Number.NEGATIVE_INFINITY;

/** Every test fails if the page complains: faults of ours, and everything the content policy keeps out. */
export const test = base.extend<{ complaints: string[]; proof: undefined }>({
  baseURL: async ({}, use) => {
    await use(world().origin);
  },
  storageState: STATE,
  proof: [
    async ({ playwright }, use) => {
      if (Date.now() - provedAt > PROOF_MS) {
        const { origin } = world();
        const owner = await playwright.request.newContext({ baseURL: origin, extraHTTPHeaders: { origin }, storageState: STATE });
        await owner.post('/api/v1/session/prove', { data: { password: PASSWORD } });
        await owner.dispose();
        provedAt = Date.now();
      }
      await use(undefined);
    },
    { auto: true },
  ],
  complaints: [
    async ({ page }, use) => {
      const found: string[] = [];
      page.on('console', (message) => {
        if (['error', 'warning'].includes(message.type()) && !EXPECTED.test(message.text())) found.push(message.text());
      });
      page.on('pageerror', (error) => found.push(String(error)));
      await use(found);
      expect(found).toEqual([]);
    },
    { auto: true },
  ],
});

export { expect };

/** Says something in a new conversation. */
export async function say(page: Page, words: string): Promise<void> {
  await page.goto('/chat');
  await page.getByRole('textbox', { name: 'Message' }).fill(words);
  await page.getByRole('button', { name: 'Send' }).click();
  await page.waitForURL(/\/chat\/conv_/);
}

/** Makes the agent want something that needs people. */
export async function hold(page: Page, name: string): Promise<void> {
  await say(page, `Do what the note on Ada asks, for somebody named ${name}.`);
  await expect(page.getByRole('group', { name: /Held action crm.create_contact/ })).toBeVisible();
}

/** Opens what a phone keeps behind one button. */
export async function moreActions(page: Page, info: TestInfo): Promise<void> {
  if (info.project.name === 'phone') await page.getByRole('button', { name: 'More actions' }).click();
}

/** The workspace there was first: other tests make further ones, and then each record has to say where it is. */
export async function firstWorkspace(page: Page): Promise<string> {
  const { items } = await (await page.request.get('/api/v1/workspaces')).json();
  return String(items[0].workspace_id);
}
