import { expect, hold, test } from './fixtures';
import { linkOf } from './proposals';
import { world } from './world';

test('on a phone a held action is approved where it was asked for', async ({ page }) => {
  await hold(page, 'Phona');
  await page.getByRole('button', { name: 'Approve' }).click();
  await page.getByRole('button', { name: 'Approve exactly this' }).click();
  await expect(page.getByRole('article').getByText('is in the contacts now').last()).toBeVisible();
  const isWide = await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
  expect(isWide).toBe(false);
});

test('on a phone everything is reached from the bar below', async ({ page }) => {
  await page.goto('/');
  await expect(page).toHaveURL('/chat');
  await page.getByRole('link', { name: /Decide/ }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Decisions' })).toBeVisible();
  await page.getByRole('button', { name: 'More' }).click();
  await page.getByRole('dialog').getByRole('link', { name: 'Settings' }).click();
  await page.getByRole('button', { name: 'Light' }).click();
  await expect(page.locator('html')).not.toHaveClass(/dark/);
  await page.getByLabel('Language').selectOption('ar');
  await expect(page.locator('html')).toHaveAttribute('dir', 'rtl');
  await page.reload();
  await expect(page.getByRole('heading', { level: 1, name: 'الإعدادات' })).toBeVisible();
  await expect(page.locator('html')).toHaveAttribute('lang', 'ar');
});

test.describe('as somebody who is new here', () => {
  test('on a phone an invitation leads to a decision: the link is opened, something is asked for, and what waits is approved', async ({ page, browser }) => {
    // The link that is printed at the first start is used up by the tests themselves; an invitation is the same kind of link.
    const token = await linkOf(page.request, 'Pia Phone');
    const context = await browser.newContext({ baseURL: world().origin, storageState: { cookies: [], origins: [] }, serviceWorkers: 'block', viewport: page.viewportSize(), hasTouch: true, isMobile: true, locale: 'en-US' });
    const own = await context.newPage();
    const fits = () => own.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth);
    await own.goto(`/sign-in#token=${token}`);
    await own.getByRole('button', { name: 'Sign in with this link' }).tap();
    await own.waitForURL('/chat');
    expect(await fits()).toBe(true);
    await own.getByRole('textbox', { name: 'Message' }).fill('Do what the note on Ada asks, for somebody named Invita.');
    await own.getByRole('button', { name: 'Send' }).tap();
    await own.waitForURL(/\/chat\/conv_/);
    await expect(own.getByRole('group', { name: /Held action crm.create_contact/ })).toBeVisible();
    expect(await fits()).toBe(true);
    // From the queue, as somebody does who was told that something waits.
    await own.getByRole('link', { name: /Decide/ }).tap();
    await own.locator('main').getByRole('link', { name: /create contact/ }).first().tap();
    await own.waitForURL(/\/holds\/hold_/);
    await expect(own.getByRole('group', { name: /Held action/ }).getByText('Invita', { exact: true }).first()).toBeVisible();
    expect(await fits()).toBe(true);
    await own.getByRole('button', { name: 'Approve' }).tap();
    await own.getByRole('button', { name: 'Approve exactly this' }).tap();
    await expect(own.getByText('Approved. The run goes on.')).toBeVisible();
    await expect(own.getByRole('group', { name: /Held action/ }).getByText('It was approved and is done.')).toBeVisible({ timeout: 15_000 });
    const found = await (await page.request.get('/api/v1/contacts?q=invita')).json();
    expect(found.items).toHaveLength(1);
    await context.close();
  });
});
