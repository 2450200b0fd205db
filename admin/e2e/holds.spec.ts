import { expect, hold, test } from './fixtures';

test('an action is approved from the keyboard, and the run goes on', async ({ page }) => {
  await hold(page, 'Keya');
  await page.getByRole('link', { name: 'Open the whole card' }).click();
  await expect(page).toHaveURL(/\/holds\/hold_/);
  const card = page.getByRole('group', { name: /Held action/ });
  await expect(card.getByText('Keya', { exact: true }).first()).toBeVisible();
  await page.keyboard.press('a');
  await expect(page.getByRole('dialog', { name: 'Approve exactly this?' })).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await page.keyboard.press('a');
  await expect(page.getByRole('button', { name: 'Approve exactly this' })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.getByText('Approved. The run goes on.')).toBeVisible();
  await expect(card.getByText('It was approved and is done.')).toBeVisible({ timeout: 15_000 });
});

test('an action is rejected with a reason that the agent is told', async ({ page }) => {
  await hold(page, 'Rejecta');
  const conversation = page.url();
  await page.getByRole('button', { name: 'Reject' }).click();
  await page.getByLabel('Reason').fill('We do not know this person.');
  await page.getByRole('dialog').getByRole('button', { name: 'Reject' }).click();
  await expect(page.getByRole('article').getByText('It was refused, so nobody was added.').last()).toBeVisible();
  await page.goto(conversation);
  await expect(page.locator('details', { hasText: 'create contact' }).locator('summary').first()).toContainText('We do not know this person.');
});

test('a card that is no longer true refuses and shows what is', async ({ page }) => {
  await hold(page, 'Stala');
  await page.getByRole('link', { name: 'Open the whole card' }).click();
  await expect(page).toHaveURL(/\/holds\/hold_/);
  const id = page.url().split('/').pop() ?? '';
  const shown = await (await page.request.get(`/api/v1/holds/${id}`)).json();
  await page.keyboard.press('a');
  await expect(page.getByRole('dialog')).toBeVisible();
  const origin = new URL(page.url()).origin;
  // Somebody else is quicker.
  const other = await page.request.post(`/api/v1/holds/${id}/reject`, { data: { reason: 'no' }, headers: { origin } });
  expect(other.status()).toBe(200);
  await page.keyboard.press('Enter');
  await expect(page.getByRole('group', { name: /Held action/ }).getByText('It was refused and did not happen.')).toBeVisible({ timeout: 15_000 });
  const now = await (await page.request.get(`/api/v1/holds/${id}`)).json();
  expect([now.state, now.said.length, now.envelope_id]).toEqual(['rejected', 1, shown.envelope_id]);
});

test('another envelope in place of the one that was shown stops the decision until it was looked at', async ({ page }) => {
  await hold(page, 'Changa');
  const link = await page.getByRole('link', { name: 'Open the whole card' }).getAttribute('href');
  let isChanged = false;
  await page.route('**/api/v1/holds/hold_*', async (route) => {
    const response = await route.fetch();
    const body = await response.json();
    // As if somebody had edited it meanwhile.
    await route.fulfill({ response, json: isChanged ? { ...body, envelope_id: `env_${'0'.repeat(64)}`, arguments: { ...body.arguments, name: 'Somebody else' } } : body });
  });
  await page.goto(link ?? '');
  await expect(page.getByRole('button', { name: 'Approve' })).not.toHaveAttribute('aria-disabled');
  isChanged = true;
  await expect(page.locator('main').getByRole('alert')).toContainText('has changed while you looked at it', { timeout: 15_000 });
  await expect(page.locator('main').getByRole('alert')).toContainText('Somebody else');
  await expect(page.getByRole('button', { name: 'Approve' })).toHaveAttribute('aria-disabled', 'true');
  await page.keyboard.press('a');
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await page.getByRole('button', { name: 'Show what waits now' }).click();
  await expect(page.getByRole('button', { name: 'Approve' })).not.toHaveAttribute('aria-disabled');
});

test('an action that is not there is not there', async ({ page }) => {
  await page.goto('/holds/hold_00000000000000000000000001');
  await expect(page.locator('main').getByRole('alert')).toContainText('nothing you may know of');
  await page.goto('/holds/nonsense');
  await expect(page.getByText('There is nothing here').first()).toBeVisible();
});

test('an action is edited, judged again, and waits anew as it was written', async ({ page }) => {
  await hold(page, 'Edita');
  await page.getByRole('link', { name: 'Open the whole card' }).click();
  await page.waitForURL(/\/holds\/hold_/);
  const before = page.url();
  await expect(page.getByRole('group', { name: /Held action/ }).getByText('Edita', { exact: true }).first()).toBeVisible();
  await page.keyboard.press('e');
  const dialog = page.getByRole('dialog', { name: 'Edit what would be done' });
  await expect(dialog.getByRole('button', { name: 'Put it in its place' })).toHaveAccessibleDescription('Nothing is different yet.');
  await dialog.getByLabel('emails').fill('[not json');
  await expect(dialog.getByRole('alert')).toHaveText('This is no JSON.');
  await dialog.getByLabel('emails').fill('[17]');
  await dialog.getByRole('button', { name: 'Put it in its place' }).click();
  await expect(dialog.getByRole('alert')).toContainText(/emails/);
  expect(page.url()).toBe(before);
  await dialog.getByLabel('emails').fill('["edith@engines.example"]');
  await dialog.getByLabel('name').fill('Edith');
  await dialog.getByRole('button', { name: 'Put it in its place' }).click();
  await expect(page.getByText('It waits as you wrote it.')).toBeVisible();
  await expect(page).not.toHaveURL(before);
  const card = page.getByRole('group', { name: /Held action/ });
  await expect(card.getByText('Edith', { exact: true }).first()).toBeVisible();
  await expect(card.getByText('Edited by')).toBeVisible();
  await page.keyboard.press('a');
  await page.getByRole('button', { name: 'Approve exactly this' }).click();
  await expect(card.getByText('It was approved and is done.')).toBeVisible({ timeout: 15_000 });
  const found = await (await page.request.get('/api/v1/contacts?q=edith')).json();
  expect(found.items.map((one: { display_name: string }) => one.display_name)).toEqual(['Edith']);
});

test('a card says how it differs from the last of its kind', async ({ page }) => {
  await hold(page, 'Firsta');
  await page.getByRole('button', { name: 'Approve' }).click();
  await page.getByRole('button', { name: 'Approve exactly this' }).click();
  await expect(page.getByRole('article').getByText('is in the contacts now').last()).toBeVisible();
  await hold(page, 'Seconda');
  await page.getByRole('link', { name: 'Open the whole card' }).click();
  const last = page.locator('section', { has: page.getByRole('heading', { name: 'Compared with the last one' }) });
  await expect(last.getByText('Firsta')).toBeVisible();
  await expect(last.getByText('Seconda')).toBeVisible();
});
