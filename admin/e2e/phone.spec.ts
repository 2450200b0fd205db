import { expect, hold, test } from './fixtures';
import { start } from './program';
import { linkOf } from './proposals';
import { modelOf, startScriptedModel } from './scripted-model';
import { world } from './world';

test('on a phone a held action is approved where it was asked for', async ({ page }) => {
  await hold(page, 'Phona');
  await page.getByRole('button', { name: 'Approve' }).click();
  await page.getByRole('button', { name: 'Approve exactly this' }).click();
  await expect(page.getByRole('article').getByText('is in the contacts now').last()).toBeVisible();
  const isWide = await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
  expect(isWide).toBe(false);
});

test('what waits is counted beside the icon of its place, and the icon is seen whole', async ({ page }) => {
  await hold(page, 'Badgea');
  const place = page.getByRole('link', { name: /Decide/ });
  for (const locale of ['en', 'ar']) {
    await page.evaluate((spoken) => localStorage.setItem('steward.locale', spoken), locale);
    await page.goto('/holds');
    const link = locale === 'en' ? place : page.locator('nav a[href="/holds"]:visible');
    await expect(link.locator('span.rounded-full')).toBeVisible();
    const [icon, badge] = await Promise.all([link.locator('svg').boundingBox(), link.locator('span.rounded-full').boundingBox()]);
    if (icon === null || badge === null) throw new Error('both are there');
    const isApart = badge.x >= icon.x + icon.width - 1 || badge.x + badge.width <= icon.x + 1;
    expect(isApart, `${locale}: ${JSON.stringify({ icon, badge })}`).toBe(true);
  }
  await page.evaluate(() => localStorage.removeItem('steward.locale'));
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
  test('on a phone the link that is printed at the first start leads to a decided action', async ({ page, browser }) => {
    test.setTimeout(180_000);
    const model = await startScriptedModel();
    const program = await start({ toml: `${modelOf(model.url)}[agents.assistant]\ntools = ["crm.*", "documents.*"]\n` });
    const context = await browser.newContext({ storageState: { cookies: [], origins: [] }, serviceWorkers: 'block', viewport: page.viewportSize(), hasTouch: true, isMobile: true, locale: 'en-US' });
    try {
      const own = await context.newPage();
      const fits = () => own.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth);
      await own.goto(program.link);
      await own.getByRole('button', { name: 'Sign in with this link' }).tap();
      await own.waitForURL(`${program.origin}/chat`);
      expect(await fits()).toBe(true);
      // Nothing is here yet: somebody's card, as it came by mail, is the first there is to work on.
      await own.locator('input[type=file]').setInputFiles([{ name: 'card.md', mimeType: 'text/markdown', buffer: Buffer.from('# Lena Petrova\n\nlena@partner.example\n') }]);
      await expect(own.getByRole('list', { name: 'Attached files' }).getByRole('progressbar')).toHaveCount(0);
      await own.getByRole('textbox', { name: 'Message' }).fill('Add who stands in the file to the contacts.');
      await own.getByRole('button', { name: 'Send' }).tap();
      await own.waitForURL(/\/chat\/conv_/);
      const card = own.getByRole('group', { name: /Held action crm.create_contact/ });
      await expect(card.getByText('Lena Petrova', { exact: true }).first()).toBeVisible({ timeout: 20_000 });
      expect(await fits()).toBe(true);
      // What waits is counted in the bar below, and leads to the same card.
      await own.getByRole('link', { name: /Decide/ }).tap();
      await own.locator('main').getByRole('link', { name: /create contact/ }).first().tap();
      await own.waitForURL(/\/holds\/hold_/);
      await own.getByRole('button', { name: 'Approve' }).tap();
      await own.getByRole('button', { name: 'Approve exactly this' }).tap();
      await expect(own.getByText('Approved. The run goes on.')).toBeVisible();
      await expect(own.getByRole('group', { name: /Held action/ }).getByText('It was approved and is done.')).toBeVisible({ timeout: 15_000 });
      expect(await fits()).toBe(true);
      const found = await (await own.request.get(`${program.origin}/api/v1/contacts?q=lena`)).json();
      expect(found.items).toHaveLength(1);
      // The link is used up: whoever finds it gets nowhere.
      const other = await browser.newContext({ storageState: { cookies: [], origins: [] }, serviceWorkers: 'block', viewport: page.viewportSize(), hasTouch: true, isMobile: true, locale: 'en-US' });
      const late = await other.newPage();
      await late.goto(program.link);
      await late.getByRole('button', { name: 'Sign in with this link' }).tap();
      await expect(late.locator('main').getByRole('alert')).toHaveText(/does not work any more/);
      await other.close();
    } finally {
      await context.close();
      await program.stop();
      model.server.closeAllConnections();
      model.server.close();
    }
  });

  test('on a phone an invitation leads to what waits', async ({ page, browser }) => {
    await hold(page, 'Invita');
    const token = await linkOf(page.request, 'Pia Phone');
    const context = await browser.newContext({ baseURL: world().origin, storageState: { cookies: [], origins: [] }, serviceWorkers: 'block', viewport: page.viewportSize(), hasTouch: true, isMobile: true, locale: 'en-US' });
    const own = await context.newPage();
    await own.goto(`/sign-in#token=${token}`);
    await own.getByRole('button', { name: 'Sign in with this link' }).tap();
    await own.waitForURL('/chat');
    await own.getByRole('link', { name: /Decide/ }).tap();
    await own.locator('main').getByRole('link', { name: /create contact/ }).first().tap();
    await own.waitForURL(/\/holds\/hold_/);
    await expect(own.getByRole('button', { name: 'Approve' })).toBeEnabled();
    await context.close();
  });
});
