import { expect, test } from './fixtures';
import { AUDITOR, world } from './world';

const USE = { scheme: 'https', host: 'api.example.com', port: 443, methods: ['GET'], paths: ['/v1/people/*'], header: 'Authorization' };
const UNSET = { plugin: 'directory', name: 'example_token', uses: [USE], set_in: null, goes_elsewhere: false, version: null, set_by: null, set_at: null };
const FOR_ALL = { ...UNSET, name: 'house_token', set_in: 'configuration' };
const VALUE = 'canary-value-0123456789';

function listed(...items: unknown[]) {
  return { json: { items, next_cursor: null } };
}

/** What the server says to a session in which no password was given of late. */
const NOT_PROVEN = { status: 403, contentType: 'application/problem+json', json: { status: 403, code: 'not_proven', detail: 'x', request_id: 'req_secret' } };

test('a secret is set by who says anew who they are, is never shown, and is removed when one is sure', async ({ page }) => {
  // No plugin here names one: the list stands in, and what the server answers is tried with its own tests.
  let secret: object = UNSET;
  let isProven = false;
  const sent: unknown[] = [];
  await page.route('**/api/v1/secrets', (route) => route.fulfill(listed(secret, FOR_ALL)));
  await page.route('**/api/v1/session/prove', (route) => {
    isProven = true;
    return route.fulfill({ status: 204 });
  });
  await page.route('**/api/v1/secrets/directory/example_token', async (route) => {
    if (!isProven) return route.fulfill(NOT_PROVEN);
    sent.push(route.request().method() === 'PUT' ? route.request().postDataJSON() : null);
    const changed = { set_by: 'person_01h2xcejqtf2nbrexx3vqjhp41', set_at: new Date().toISOString() };
    secret = route.request().method() === 'PUT' ? { ...UNSET, ...changed, set_in: 'organisation', version: sent.length } : { ...UNSET, ...changed, version: sent.length };
    return route.request().method() === 'PUT' ? route.fulfill({ json: secret }) : route.fulfill({ status: 204 });
  });
  await page.goto('/settings?show=installation');
  const row = (name: string) => page.locator('main').getByRole('listitem').filter({ has: page.getByText(name, { exact: true }) });
  await expect(row('example_token').getByText('not set', { exact: true })).toBeVisible();
  await expect(row('example_token')).toContainText('GET https://api.example.com /v1/people/* (Authorization)');
  // What the configuration sets is nobody's to set here, and says so.
  const theirs = page.getByRole('button', { name: 'Set house_token' });
  await expect(theirs).toHaveAttribute('aria-disabled', 'true');
  await expect(theirs).toHaveAccessibleDescription('The configuration of the installation sets it.');
  await theirs.click({ force: true });
  await expect(page.getByRole('dialog')).toHaveCount(0);

  await page.getByRole('button', { name: 'Set example_token' }).click();
  const dialog = page.getByRole('dialog', { name: 'Set example_token' });
  const value = dialog.getByLabel('Value');
  await expect(value).toBeFocused();
  await expect(value).toHaveAttribute('type', 'text');
  await expect(value).toHaveCSS('-webkit-text-security', 'disc');
  // Nothing that a browser offers to keep, or fills with the owner's own password.
  await expect(dialog.locator('form, input[type=password]')).toHaveCount(0);
  await expect(value).toHaveAttribute('autocomplete', 'off');
  await expect(value).toHaveValue('');
  // One that is too short is not sent.
  await value.fill('short');
  await dialog.getByRole('button', { name: 'Save' }).click();
  expect(sent).toEqual([]);
  await value.fill(VALUE);
  await dialog.getByRole('button', { name: 'Save' }).click();
  const proof = dialog.getByRole('form', { name: 'Your password again' });
  await expect(proof).toBeVisible();
  await expect(dialog.getByLabel('Value')).toHaveCount(0);
  await proof.getByLabel('Password').fill('the password of the house');
  await proof.getByRole('button').click();
  await expect(page.getByText('The secret is set. It counts from the next call on.')).toBeVisible();
  await expect(dialog).toHaveCount(0);
  expect(sent).toEqual([{ value: VALUE }]);
  await expect(row('example_token').getByText('set', { exact: true })).toBeVisible();
  await expect(row('example_token')).toContainText('Version 1, by');
  // Nothing of it stays in the page, in what the browser keeps, or in the field.
  expect(await page.content()).not.toContain(VALUE);
  expect(await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, location.href]))).not.toContain(VALUE);
  await page.getByRole('button', { name: 'Replace example_token' }).click();
  await expect(dialog.getByLabel('Value')).toHaveValue('');
  await page.keyboard.press('Escape');
  await expect(dialog).toHaveCount(0);

  await page.getByRole('button', { name: 'Remove example_token' }).click();
  const sure = page.getByRole('dialog', { name: 'Remove example_token' });
  await expect(sure).toContainText('Nothing of it is kept.');
  await sure.getByRole('button', { name: 'Cancel' }).click();
  expect(sent).toHaveLength(1);
  await page.getByRole('button', { name: 'Remove example_token' }).click();
  await sure.getByRole('button', { name: 'Remove', exact: true }).click();
  await expect(page.getByText('The secret is removed.')).toBeVisible();
  await expect(row('example_token').getByText('not set', { exact: true })).toBeVisible();
  expect(sent).toEqual([{ value: VALUE }, null]);
});

test('a secret whose plugin goes elsewhere now is said to be set anew', async ({ page }) => {
  const before = { ...UNSET, set_in: 'organisation', goes_elsewhere: true, version: 1, set_by: 'person_01h2xcejqtf2nbrexx3vqjhp41', set_at: new Date().toISOString() };
  await page.route('**/api/v1/secrets', (route) => route.fulfill(listed(before)));
  await page.goto('/settings?show=installation');
  await expect(page.getByText('set anew', { exact: true })).toBeVisible();
  await expect(page.getByText('the plugin goes elsewhere now than when this was set')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Replace example_token' })).toBeEnabled();
});

test('a secret that no plugin names is not set, and the list says that there is none', async ({ page }) => {
  const { origin } = world();
  const refused = await page.request.put('/api/v1/secrets/directory/example_token', { data: { value: VALUE }, headers: { origin } });
  expect(refused.status()).toBe(404);
  await page.goto('/settings?show=installation');
  await expect(page.getByText('No plugin asks for a secret.')).toBeVisible();
});

test.describe('as somebody who may look only', () => {
  test.use({ storageState: AUDITOR });
  test('a secret is seen by name, and setting it says who may', async ({ page }) => {
    await page.route('**/api/v1/secrets', (route) => route.fulfill(listed({ ...UNSET, set_in: 'organisation', version: 1, set_by: 'person_01h2xcejqtf2nbrexx3vqjhp41', set_at: new Date().toISOString() })));
    await page.goto('/settings?show=installation');
    for (const name of ['Replace example_token', 'Remove example_token']) {
      const button = page.getByRole('button', { name });
      await expect(button).toHaveAttribute('aria-disabled', 'true');
      await expect(button).toHaveAccessibleDescription('Only owners set secrets.');
      await button.click({ force: true });
      await expect(page.getByRole('dialog')).toHaveCount(0);
    }
    const refused = await page.request.put('/api/v1/secrets/directory/example_token', { data: { value: VALUE }, headers: { origin: world().origin } });
    expect(refused.status()).toBe(403);
  });
});
