/** Everything here is done without a click. */
import type { Page } from '@playwright/test';
import { expect, hold, test } from './fixtures';
import { freeAddress } from './holds';

/** As many times Tab as a page may take to get to what it is about. */
const TABS_MAX = 60;

/** Goes on with Tab until what has the focus is the wanted one; all on the way is in view. */
async function tabTo(page: Page, role: 'link' | 'button', name: RegExp, within = 'body'): Promise<void> {
  const wanted = page.locator(within).getByRole(role, { name });
  for (let at = 0; at < TABS_MAX; at += 1) {
    await page.keyboard.press('Tab');
    const isThere = await wanted.evaluateAll((all) => all.some((one) => one === document.activeElement));
    const isSeen = await page.evaluate(() => {
      const box = document.activeElement?.getBoundingClientRect();
      return box === undefined || (box.width > 0 && box.bottom > 0 && box.right > 0 && box.top < innerHeight && box.left < innerWidth);
    });
    expect(isSeen, `what has the focus after ${at + 1} times Tab is out of view`).toBe(true);
    if (isThere) return;
  }
  throw new Error(`${String(name)} was not reached with ${TABS_MAX} times Tab`);
}

test('from the queue to an approved action with the keyboard alone', async ({ page }) => {
  await freeAddress(page);
  await hold(page, 'Taba');
  const [run] = (await (await page.request.get('/api/v1/runs?limit=1')).json()).items;
  const { items } = await (await page.request.get('/api/v1/holds?state=held&limit=200')).json();
  const own = items.find((one: { run_id: string }) => one.run_id === run.run_id);

  // Begun anew, as by whoever comes to the page: nothing has the focus.
  await page.goto('/settings');
  await expect(page.getByRole('heading', { level: 1, name: 'Settings' })).toBeVisible();
  await page.keyboard.press('g');
  await page.keyboard.press('d');
  await expect(page.getByRole('heading', { level: 1, name: 'Decisions' })).toBeVisible();
  // The search is the nearest way to one of many.
  await page.keyboard.press('/');
  await expect(page.getByRole('searchbox', { name: 'Search actions' })).toBeFocused();
  await page.keyboard.type('create contact');
  await expect(page).toHaveURL('/holds?q=create+contact');
  await tabTo(page, 'link', /create contact/, 'main');
  for (let at = 0; at < TABS_MAX && (await page.evaluate(() => document.activeElement?.getAttribute('href') ?? '')).includes(own.hold_id) === false; at += 1) await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(new RegExp(`/holds/${own.hold_id}`));
  const card = page.getByRole('group', { name: /Held action/ });
  await expect(card.getByText('Taba', { exact: true }).first()).toBeVisible();

  await tabTo(page, 'button', /^Approve$/, 'main');
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog', { name: 'Approve exactly this?' });
  await expect(dialog.getByRole('button', { name: 'Approve exactly this' })).toBeFocused();
  // Not yet: the way out leads back to where one was.
  await page.keyboard.press('Escape');
  await expect(dialog).toHaveCount(0);
  await expect(page.getByRole('button', { name: 'Approve', exact: true })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(dialog.getByRole('button', { name: 'Approve exactly this' })).toBeFocused();
  // Nothing behind a dialog takes the focus.
  for (let at = 0; at < 10; at += 1) {
    await page.keyboard.press('Tab');
    expect(await page.evaluate(() => document.activeElement === document.body || document.activeElement?.closest('dialog') !== null)).toBe(true);
  }
  await dialog.getByRole('button', { name: 'Approve exactly this' }).focus();
  await page.keyboard.press('Enter');
  await expect(page.getByText('Approved. The run goes on.')).toBeVisible();
  await expect(card.getByText('It was approved and is done.')).toBeVisible({ timeout: 15_000 });
});

test('whoever skips to the content is there', async ({ page }) => {
  await page.goto('/runs');
  await expect(page.getByRole('heading', { level: 1, name: 'Runs' })).toBeVisible();
  await page.keyboard.press('Tab');
  await expect(page.getByRole('link', { name: 'Skip to content' })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.locator('main')).toBeFocused();
  await page.keyboard.press('Tab');
  expect(await page.evaluate(() => document.activeElement?.closest('main') !== null)).toBe(true);
});
