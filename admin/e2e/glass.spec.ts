import { expect, test } from './fixtures';
import type { Browser, BrowserContext } from '@playwright/test';
import { wordsOf } from './looks';
import { world } from './world';

const PASSWORD = 'manager battery staple';
const AMOUNT = { label: 'By how much, in US dollars', tooMuch: '6', enough: '1' } as const;

/** Somebody who decides on actions but not on money, and whom no budget leaves room. */
async function manager(browser: Browser, owner: BrowserContext, email: string): Promise<BrowserContext> {
  const { origin } = world();
  const headers = { origin };
  const made = await owner.request.post(`${origin}/api/v1/people`, { data: { email, display_name: 'Mia Manager', roles: [{ role: 'manager' }] }, headers });
  expect(made.status(), await made.text()).toBe(201);
  const person = await made.json();
  const limit = await owner.request.put(`${origin}/api/v1/budgets`, { data: { scope: 'person', scope_id: person.person_id, period: 'total', cap_micros: 0 }, headers });
  expect(limit.status()).toBe(200);
  const context = await browser.newContext({ baseURL: origin, storageState: { cookies: [], origins: [] }, serviceWorkers: 'block', locale: 'en-US' });
  const link = new URL(person.sign_in_link).hash.replace('#token=', '');
  expect((await context.request.post('/api/v1/session', { data: { link }, headers })).ok()).toBe(true);
  expect((await context.request.put('/api/v1/me/password', { data: { new: PASSWORD }, headers })).ok()).toBe(true);
  return context;
}

test('the glass is broken with a fresh password and a reason, and somebody else reviews it', async ({ page, browser }, info) => {
  const context = await manager(browser, page.context(), `mia-${info.project.name}@example.org`);
  const own = await context.newPage();
  await own.goto('/chat');
  await own.getByRole('textbox', { name: 'Message' }).fill('Who is Ada at night?');
  await own.getByRole('button', { name: 'Send' }).click();
  // The reason is said in the language of the reader, here and there.
  await expect(own.getByText('A budget has no room for the next answer.')).toBeVisible();
  await own.evaluate(() => localStorage.setItem('steward.locale', 'ne'));
  await own.reload();
  await expect(own.getByText(wordsOf('ne')('noRoom.budget'))).toBeVisible();
  await own.evaluate(() => localStorage.setItem('steward.locale', 'en'));
  await own.reload();
  await own.getByRole('link', { name: 'Decide under budgets' }).click();
  await expect(own).toHaveURL('/budgets');
  const waiting = own.getByRole('listitem').filter({ has: own.getByRole('button', { name: 'Break the glass' }) });
  await expect(waiting.getByRole('button', { name: 'Let it go on' })).toHaveAccessibleDescription('Owners and finance decide on money.');
  await expect(waiting).toContainText('A budget has no room for the next answer.');
  await expect(waiting.getByRole('button', { name: 'End it' })).toHaveAttribute('aria-disabled', 'true');

  await waiting.getByRole('button', { name: 'Break the glass' }).click();
  const dialog = own.getByRole('dialog', { name: 'Break the glass' });
  const breakIt = dialog.getByRole('button', { name: 'Break it' });
  await dialog.getByLabel(AMOUNT.label).fill(AMOUNT.enough);
  await dialog.getByLabel('Your password').fill('not the password');
  // No reason, and nothing is sent.
  await breakIt.click();
  await expect(dialog.getByLabel('Why')).toBeFocused();
  await dialog.getByLabel('Why').fill('The night shift needs an answer.');
  await breakIt.click();
  await expect(dialog.getByRole('alert')).toBeVisible();
  // The right password, and more than the glass gives.
  await dialog.getByLabel('Your password').fill(PASSWORD);
  await dialog.getByLabel(AMOUNT.label).fill(AMOUNT.tooMuch);
  await breakIt.click();
  await expect(dialog.getByRole('alert')).toContainText(/5/);
  const held = await (await context.request.get('/api/v1/budgets/holds?state=held')).json();
  expect(held.items.length).toBe(1);

  await dialog.getByLabel(AMOUNT.label).fill(AMOUNT.enough);
  await breakIt.click();
  await expect(own.getByText('The run goes on. Somebody else reviews it.')).toBeVisible();
  await expect(waiting).toHaveCount(0, { timeout: 20_000 });
  const toReview = (there: typeof own) => there.getByRole('listitem').filter({ hasText: 'The night shift needs an answer.' });
  await expect(toReview(own).getByRole('button', { name: 'Justified', exact: true })).toHaveAccessibleDescription('Somebody else than who broke it reviews it.');
  await own.goBack();
  await expect(own.getByRole('cell', { name: 'ada@engines.example' })).toBeVisible({ timeout: 20_000 });

  await page.goto('/budgets');
  await expect(toReview(page).getByText('broken glass')).toBeVisible();
  await toReview(page).getByRole('button', { name: 'Justified', exact: true }).click();
  await expect(page.getByText('It is reviewed.')).toBeVisible();
  await expect(toReview(page)).toHaveCount(0);
  await context.close();
});

test('whoever decides on money is not offered the glass', async ({ page }) => {
  await page.goto('/budgets');
  await expect(page.getByRole('meter').first()).toBeVisible();
  await expect(page.getByRole('button', { name: 'Break the glass' })).toHaveCount(0);
});
