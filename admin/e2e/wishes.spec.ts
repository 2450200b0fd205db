import type { Browser, Page } from '@playwright/test';
import { expect, say, test } from './fixtures';
import { linkOf } from './proposals';
import { world } from './world';

/** An agent asks for a grant on behalf of whoever speaks to it. */
async function askedFor(page: Page): Promise<void> {
  const { items } = await (await page.request.get('/api/v1/contacts?q=lovelace')).json();
  await say(page, `Please ask for a grant to note on ${items[0].contact_id}.`);
  await expect(page.getByRole('article').getByText('People are asked for it.', { exact: true }).last()).toBeVisible();
}

/** Somebody who is new here, in a browser of their own. */
async function somebody(page: Page, browser: Browser, name: string): Promise<Page> {
  const { origin } = world();
  const context = await browser.newContext({ baseURL: origin, storageState: { cookies: [], origins: [] }, serviceWorkers: 'block', viewport: page.viewportSize(), locale: 'en-US' });
  expect((await context.request.post('/api/v1/session', { data: { link: await linkOf(page.request, name) }, headers: { origin } })).ok()).toBe(true);
  return context.newPage();
}

test('a grant that an agent asks for is read with its ranges, and given by another person', async ({ page, browser }, info) => {
  const name = `Wisha ${info.project.name}`;
  const their = await somebody(page, browser, name);
  await askedFor(their);
  const before = (await (await page.request.get('/api/v1/grants')).json()).items.length;
  await page.goto('/changes?kind=grant');
  await page.locator('main').getByRole('listitem').filter({ hasText: name }).getByRole('link').first().click();
  await page.waitForURL(/\/changes\/change_/);
  await expect(page.getByText('You note on Ada after each call.')).toBeVisible();
  await expect(page.locator('main')).toContainText('crm.add_note');
  await expect(page.getByRole('listitem').filter({ hasText: /^contact id/ })).toContainText(/contact_/);
  await expect(page.getByRole('listitem').filter({ hasText: /^text/ })).toContainText('at most 20 letters');
  const fits = await page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth);
  expect(fits).toBe(true);
  await page.getByRole('button', { name: 'Approve' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Approve exactly this' }).click();
  await expect(page.getByText('Approved. It is in force within two seconds.')).toBeVisible();
  await expect.poll(async () => (await (await page.request.get('/api/v1/grants')).json()).items.length).toBe(before + 1);
  await their.context().close();
});

test('whom an agent acts for does not give the grant that it asks for', async ({ page }) => {
  await askedFor(page);
  const [newest] = (await (await page.request.get('/api/v1/changes?kind=grant&state=proposed')).json()).items;
  await page.goto(`/changes/${newest.governance_change_id}`);
  const yes = page.getByRole('button', { name: 'Approve' });
  await expect(yes).toHaveAccessibleDescription('You proposed this: another owner decides.');
  await yes.click({ force: true });
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await page.getByRole('button', { name: 'Withdraw' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Withdraw' }).click();
  await expect(page.getByRole('dialog')).toHaveCount(0);
  expect((await (await page.request.get(`/api/v1/changes/${newest.governance_change_id}`)).json()).state).toBe('withdrawn');
});
