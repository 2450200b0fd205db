import { expect, hold, test } from './fixtures';

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
