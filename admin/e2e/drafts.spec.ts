import type { Page, Route } from '@playwright/test';
import { expect, say, test } from './fixtures';

/** Drops a file of some words on something. */
async function drop(page: Page, on: string, name: string): Promise<void> {
  const dataTransfer = await page.evaluateHandle((called) => {
    const data = new DataTransfer();
    data.items.add(new File(['Some words.'], called, { type: 'text/plain' }));
    return data;
  }, name);
  await page.locator(on).first().dispatchEvent('drop', { dataTransfer });
}

/** Keeps what is sent to an address waiting until it is let go. */
async function keepWaiting(page: Page, address: string): Promise<() => Promise<void>> {
  const waiting: Route[] = [];
  await page.route(address, (route) => {
    if (route.request().method() === 'POST') waiting.push(route);
    else void route.fallback();
  });
  return async () => {
    await expect.poll(() => waiting.length).toBe(1);
    await page.unroute(address);
    for (const route of waiting) await route.continue();
  };
}

test('what is written and given while a message is on its way stays', async ({ page }) => {
  await say(page, 'Who is Ada?');
  await expect(page.getByRole('cell', { name: 'ada@engines.example' })).toBeVisible();
  const letGo = await keepWaiting(page, '**/api/v1/conversations/*/messages');
  const box = page.getByRole('textbox', { name: 'Message' });
  const turns = page.getByRole('article', { name: 'Message and answer' });
  const files = page.locator('form').getByRole('list', { name: 'Attached files' });
  await drop(page, 'main form', 'first.txt');
  await expect(files.getByRole('listitem')).toHaveCount(1);
  await expect(files.getByRole('progressbar')).toHaveCount(0);
  await box.fill('Who is Ada, with a file?');
  await page.getByRole('button', { name: 'Send' }).click();
  await box.fill('And who is Grace?');
  await drop(page, 'main form', 'second.txt');
  await expect(files.getByRole('listitem')).toHaveCount(2);
  await expect(files.getByRole('progressbar')).toHaveCount(0);
  await letGo();
  await expect(turns).toHaveCount(2);
  await expect(turns.last().getByRole('list', { name: 'Attached files' }).getByText('first.txt')).toBeVisible();
  await expect(box).toHaveValue('And who is Grace?');
  await expect(files.getByRole('listitem')).toHaveCount(1);
  await expect(files.getByText('second.txt')).toBeVisible();
});

test('what is written while a note is on its way stays', async ({ page }) => {
  const { items } = await (await page.request.get('/api/v1/contacts?q=hopper')).json();
  await page.goto(`/contacts/${items[0].contact_id}`);
  const letGo = await keepWaiting(page, '**/api/v1/contacts/*/notes');
  const box = page.getByPlaceholder('Write a note');
  await box.fill('She called.');
  await page.getByRole('button', { name: 'Add note' }).click();
  await box.fill('She called, and calls again on Monday.');
  await letGo();
  await expect(page.getByRole('listitem').filter({ hasText: 'She called.' }).first()).toBeVisible();
  await expect(box).toHaveValue('She called, and calls again on Monday.');
});
