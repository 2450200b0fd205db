import { expect, test } from './fixtures';

test('the palette finds places and records, and is worked by the keyboard', async ({ page }) => {
  await page.goto('/settings');
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  await page.keyboard.press('Control+k');
  const field = page.getByRole('dialog').getByRole('combobox');
  await expect(field).toBeFocused();
  await field.fill('dea');
  await expect(page.getByRole('listbox').getByRole('option', { selected: true })).toHaveText('Deals');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL('/deals');
  await page.keyboard.press('Control+k');
  await page.getByRole('dialog').getByRole('combobox').fill('Analytical');
  await page.getByRole('listbox').getByRole('option', { name: /Analytical Engines Ltd/ }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Analytical Engines Ltd' })).toBeVisible();
  await page.keyboard.press('Control+k');
  await page.getByRole('dialog').getByRole('combobox').fill('zzzz no such thing');
  await expect(page.getByText('Nothing has this name.', { exact: false })).toBeVisible();
  await page.keyboard.press('Enter');
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toHaveCount(0);
});

test('single keys go to places and can be turned off', async ({ page }) => {
  await page.goto('/settings');
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  await page.keyboard.press('?');
  const help = page.getByRole('dialog', { name: 'Keyboard shortcuts' });
  await expect(help).toBeVisible();
  await page.keyboard.press('Escape');
  await page.keyboard.press('g');
  await page.keyboard.press('e');
  await expect(page).toHaveURL('/deals');
  await page.goto('/companies');
  await expect(page.getByRole('link', { name: /Analytical/ })).toBeVisible();
  await page.keyboard.press('/');
  await expect(page.getByPlaceholder('Name or website')).toBeFocused();
  await page.keyboard.type('?');
  await expect(help).toHaveCount(0);
  await page.getByRole('heading', { level: 1 }).click();
  await page.keyboard.press('?');
  await help.getByRole('checkbox').uncheck();
  await page.keyboard.press('Escape');
  await page.keyboard.press('?');
  await page.keyboard.press('g');
  await page.keyboard.press('d');
  await expect(help).toHaveCount(0);
  await expect(page).toHaveURL(/\/companies/);
  await page.reload();
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  await page.keyboard.press('?');
  await expect(help).toHaveCount(0);
});

test('keys act on a keyboard of another script too', async ({ page }) => {
  const press = (key: string, code: string, more: { ctrlKey?: boolean; shiftKey?: boolean } = {}) =>
    page.evaluate((init) => document.body.dispatchEvent(new KeyboardEvent('keydown', { ...init, bubbles: true, cancelable: true })), { key, code, ...more });
  await page.goto('/settings');
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  await press('ن', 'KeyK', { ctrlKey: true });
  await expect(page.getByRole('dialog').getByRole('combobox')).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await press('؟', 'Slash', { shiftKey: true });
  await expect(page.getByRole('dialog', { name: 'Keyboard shortcuts' })).toBeVisible();
  await page.keyboard.press('Escape');
  await press('ل', 'KeyG');
  await press('ث', 'KeyE');
  await expect(page).toHaveURL('/deals');
});

test('a selection that ends beside a form does not close it, and a press there does only while nothing is written', async ({ page }) => {
  const { items } = await (await page.request.get('/api/v1/companies?q=analytical&limit=1')).json();
  await page.goto(`/companies/${items[0].company_id}`);
  const form = page.getByRole('dialog', { name: 'Change company' });
  const open = page.getByRole('button', { name: 'Change' });
  await open.click();
  await form.getByLabel('Name').hover();
  await page.mouse.down();
  await page.mouse.move(4, 4);
  await page.mouse.up();
  await expect(form).toBeVisible();
  await page.mouse.click(4, 4);
  await expect(form).toHaveCount(0);
  await open.click();
  await form.getByLabel('Name').fill('Half a company');
  await page.mouse.click(4, 4);
  await expect(form.getByLabel('Name')).toHaveValue('Half a company');
  await page.keyboard.press('Escape');
  await expect(form).toHaveCount(0);
});

test('where the browser refuses the clipboard, it is said, and the text is selected', async ({ page }) => {
  await page.addInitScript(() => {
    Object.defineProperty(navigator, 'clipboard', { value: { writeText: () => Promise.reject(new DOMException('no', 'NotAllowedError')) } });
  });
  await page.goto('/policies');
  const digest = page.locator('p', { has: page.locator('code') }).filter({ has: page.getByRole('button', { name: 'Copy', exact: true }) }).first();
  await digest.getByRole('button', { name: 'Copy', exact: true }).click();
  await expect(digest.getByRole('alert')).toHaveText('The browser does not allow it: copy it by hand.');
  await expect(page.getByText('Copied')).toHaveCount(0);
  expect(await page.evaluate(() => getSelection()?.toString())).toBe(await digest.locator('code').textContent());
});

test('what waits and could not be read is not taken for nothing, on any page and where it is listed', async ({ page }) => {
  const refused = { status: 403, contentType: 'application/problem+json', json: { status: 403, code: 'denied', detail: 'not this time', request_id: 'req_waiting' } };
  for (const list of ['holds', 'changes']) await page.route(`**/api/v1/${list}?*`, (route) => route.fulfill(refused));
  await page.goto('/tools');
  await expect(page.getByText('What waits could not be read.', { exact: true }).first()).toBeAttached();
  const alert = page.locator('main').getByRole('alert');
  await expect(alert).toContainText('Which changes of tools wait could not be read.');
  await expect(alert).toContainText('req_waiting');
  // The tools are there all the same.
  await expect(page.getByRole('region', { name: /^crm@/ })).toBeVisible();
  for (const list of ['holds', 'changes']) await page.unroute(`**/api/v1/${list}?*`);
  await alert.getByRole('button', { name: 'Try again' }).click();
  await expect(alert).toHaveCount(0);
  await page.reload();
  await expect(page.getByRole('region', { name: /^crm@/ })).toBeVisible();
  await expect(page.getByText('What waits could not be read.', { exact: true })).toHaveCount(0);
});
