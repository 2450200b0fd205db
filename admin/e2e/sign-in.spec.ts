import type { Page } from '@playwright/test';
import { expect, test } from './fixtures';
import { linkOf } from './proposals';
import { PASSWORD, STATE, world } from './world';

test.use({ storageState: { cookies: [], origins: [] } });

test('a wrong password is refused and says so', async ({ page }) => {
  await page.goto('/sign-in');
  await page.getByLabel('E-mail address').fill('ada@example.org');
  await page.getByLabel('Password').fill('not the password at all');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.locator('main').getByRole('alert')).toHaveText('Address or password are not right.');
  await expect(page).toHaveURL(/\/sign-in$/);
});

test('whoever is signed out is brought to the door and then to where they wanted', async ({ page }) => {
  await page.goto('/actions?verdict=blocked');
  await expect(page).toHaveURL('/sign-in?next=%2Factions%3Fverdict%3Dblocked');
  await page.getByLabel('E-mail address').fill('ada@example.org');
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page).toHaveURL('/actions?verdict=blocked');
  await expect(page.getByRole('heading', { level: 1, name: 'All actions' })).toBeVisible();
});

test('signing in leads to no other site', async ({ page }) => {
  for (const next of ['//evil.example', 'https://evil.example', '/\\evil.example', 'javascript:alert(1)']) {
    await page.goto(`/sign-in?next=${encodeURIComponent(next)}`);
    await page.getByLabel('E-mail address').fill('ada@example.org');
    await page.getByLabel('Password').fill(PASSWORD);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await expect(page).toHaveURL('/chat');
    await page.context().clearCookies();
  }
});

test('a link works once, leaves the address bar, and shows its role only what it may see', async ({ page, browser }) => {
  const owner = await browser.newContext({ storageState: STATE });
  const link = `${world().origin}/sign-in#token=${await linkOf(owner.request, 'Lin Link', 'support')}`;
  await owner.close();
  await page.goto(link);
  await expect(page.getByRole('button', { name: 'Sign in with this link' })).toBeVisible();
  expect(page.url()).not.toContain('token');
  await page.getByRole('button', { name: 'Sign in with this link' }).click();
  await expect(page).toHaveURL('/chat');
  const more = page.getByRole('button', { name: 'More' });
  if (await more.isVisible()) await more.click();
  const navigation = page.getByRole('navigation', { name: 'Main navigation' }).filter({ visible: true });
  await expect(navigation.getByRole('link', { name: 'Contacts' })).toBeVisible();
  await expect(navigation.getByRole('link', { name: 'Blocked actions' })).toHaveCount(0);
  // A page that a role may not see is nowhere for it: the same answer as for what is not there, and nothing is asked for.
  // What the page before was still asking for is none of it.
  await page.goto('about:blank');
  const asked: string[] = [];
  page.on('request', (request) => asked.push(new URL(request.url()).pathname));
  const kept = await page.goto('/actions');
  expect(kept?.status()).toBe(404);
  const said = await kept?.text();
  await expect(page.getByRole('heading', { name: 'There is nothing here' })).toBeVisible();
  expect(asked.filter((path) => path.startsWith('/api/'))).toEqual([]);
  const nowhere = await page.goto('/no-such-page');
  expect([nowhere?.status(), await nowhere?.text()]).toEqual([404, said]);
  for (const part of ['/actions.txt', '/actions.html']) expect((await page.request.get(part)).status()).toBe(404);
  expect((await page.goto('/contacts'))?.status()).toBe(200);
  expect((await page.request.get('/api/v1/actions')).status()).toBe(403);

  await page.goto('/settings');
  await page.getByRole('button', { name: 'Sign out' }).click();
  await expect(page).toHaveURL('/sign-in');
  await page.goto(link);
  await page.getByRole('button', { name: 'Sign in with this link' }).click();
  await expect(page.locator('main').getByRole('alert')).toHaveText(/does not work any more/);
});

test('who signs in or out in one tab does in all, and nothing of whoever was there before stays', async ({ page, browser }) => {
  const owner = await browser.newContext({ storageState: STATE });
  const [first, second] = [await linkOf(owner.request, 'Fay First', 'support'), await linkOf(owner.request, 'Sid Second', 'support')];
  await owner.close();
  const enter = async (tab: Page, token: string) => {
    await tab.goto(`/sign-in#token=${token}`);
    await tab.getByRole('button', { name: 'Sign in with this link' }).click();
    await expect(tab).toHaveURL('/chat');
  };
  await enter(page, first);
  await page.goto('/settings');
  await expect(page.getByLabel('Your name')).toHaveValue('Fay First');
  await expect(page.getByText('This one', { exact: true })).toBeVisible();
  // What was read before is read anew, not shown again.
  const asksAgain = page.waitForRequest('**/api/v1/sessions');
  const other = await page.context().newPage();
  await enter(other, second);
  await expect(page.getByLabel('Your name')).toHaveValue('Sid Second');
  await asksAgain;
  await other.goto('/settings');
  await other.getByRole('button', { name: 'Sign out' }).click();
  await expect(other).toHaveURL('/sign-in');
  await expect(page).toHaveURL('/sign-in?next=%2Fsettings');
});

test('pages that are not there are 404 and say so, and the policy keeps everything foreign out', async ({ page }) => {
  const missing = await page.goto('/no-such-page');
  expect(missing?.status()).toBe(404);
  await expect(page.getByRole('heading', { name: 'There is nothing here' })).toBeVisible();
  const policy = missing?.headers()['content-security-policy'] ?? '';
  expect(policy).toContain("default-src 'none'");
  expect(policy).not.toContain('unsafe');
  expect(policy).toContain("frame-ancestors 'none'");
});
