import { expect, test } from './fixtures';

test.use({ storageState: { cookies: [], origins: [] } });

test('somebody known signs in at a provider, and lands where they were going', async ({ page }) => {
  await page.goto('/sign-in?next=/audit');
  await page.getByRole('button', { name: 'Continue with Example' }).click();
  await page.getByRole('link', { name: 'Ola Auditor' }).click();
  await expect(page).toHaveURL(/\/audit$/);
  await expect(page.getByRole('heading', { level: 1, name: 'Audit log' })).toBeVisible();
});

test('whom a provider names and nobody here knows stays outside, and is told why', async ({ page }) => {
  await page.goto('/sign-in');
  await page.getByRole('button', { name: 'Continue with Example' }).click();
  await page.getByRole('link', { name: 'A stranger' }).click();
  await expect(page.getByRole('alert').filter({ hasText: 'Nobody here is known by this sign-in at Example.' })).toBeVisible();
  // Neither the code nor what it was asked with stays in the address.
  await expect(page).toHaveURL(/\/sign-in$/);
  expect((await page.request.get('/api/v1/me')).status()).toBe(401);
  // Who says no there, and who brings an answer that nobody asked for, begin again.
  await page.getByRole('button', { name: 'Continue with Example' }).click();
  await page.getByRole('link', { name: 'No', exact: true }).click();
  await expect(page.getByRole('alert').filter({ hasText: 'Example sent you back without a sign-in' })).toBeVisible();
  await page.goto('/sign-in?code=stolen&state=guessed');
  await expect(page.getByRole('alert').filter({ hasText: 'Example sent you back without a sign-in' })).toBeVisible();
});
