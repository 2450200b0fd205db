import { asked, CLIENT_NAME } from './client-host';
import { expect, test } from './fixtures';
import { PASSWORD, world } from './world';

test('a program is let in by who sees where it comes from, gets less than it asked, and is shut out in the settings', async ({ page }) => {
  const { origin, client } = world();
  const { query, verifier } = asked(world());
  await page.goto(`/oauth/authorize?${query}`);
  await expect(page.getByRole('heading', { name: 'Let a program in' })).toBeVisible();
  await expect(page.getByText(CLIENT_NAME)).toBeVisible();
  await expect(page.getByText('localhost', { exact: true })).toBeVisible();
  await expect(page.getByText(new URL(client.back).host, { exact: true })).toBeVisible();
  await expect(page.getByText('goes to a program on this device')).toBeVisible();
  // What changes things is not chosen beforehand.
  await expect(page.getByRole('checkbox', { name: /^read/ })).toBeChecked();
  await expect(page.getByRole('checkbox', { name: /^write/ })).not.toBeChecked();
  await page.getByRole('button', { name: 'Let it in' }).click();
  await page.waitForURL(/\/back\?/);
  const back = new URL(page.url());
  expect([back.origin, back.searchParams.get('state'), back.searchParams.get('iss')]).toEqual([new URL(client.back).origin, 'of-the-program', origin]);
  const form = { grant_type: 'authorization_code', code: back.searchParams.get('code') ?? '', client_id: client.id, redirect_uri: client.back, code_verifier: verifier, resource: `${origin}/mcp` };
  const given = await page.request.post(`${origin}/oauth/token`, { form });
  expect([given.status(), (await given.json()).scope]).toEqual([200, 'converse read']);
  expect((await page.request.post(`${origin}/oauth/token`, { form: { ...form, code: 'another' } })).status()).toBe(400);

  await page.goto('/settings');
  const row = page.getByRole('listitem').filter({ hasText: CLIENT_NAME }).filter({ hasText: 'Let in from localhost' }).last();
  await expect(row).toContainText('for the tools of assistant');
  await row.getByRole('button', { name: 'Revoke' }).click();
  await row.getByRole('button').click();
  await expect(row.getByText('revoked')).toBeVisible();
});

test('letting a program in asks who has no second factor for the password, and goes on with it', async ({ page }) => {
  // The first answer is what the server says ten minutes after the password was given, everything after it is real.
  let isFirst = true;
  await page.route('**/api/v1/oauth/allow', async (route) => {
    if (!isFirst) return route.continue();
    isFirst = false;
    await route.fulfill({ status: 403, contentType: 'application/problem+json', json: { code: 'not_proven', status: 403, detail: 'no' } });
  });
  await page.goto(`/oauth/authorize?${asked(world()).query}`);
  await page.getByRole('button', { name: 'Let it in' }).click();
  const proof = page.getByRole('form', { name: 'Your password again' });
  await proof.getByLabel('Your password').fill(PASSWORD);
  await proof.getByRole('button', { name: 'Give it and go on' }).click();
  await page.waitForURL(/\/back\?/);
  expect(new URL(page.url()).searchParams.get('code')).not.toBeNull();
});

test('a program that is refused is told so', async ({ page }) => {
  await page.goto(`/oauth/authorize?${asked(world()).query}`);
  await page.getByRole('button', { name: 'Refuse' }).click();
  await page.waitForURL(/\/back\?/);
  const said = new URL(page.url()).searchParams;
  expect([said.get('error'), said.get('state'), said.get('code')]).toEqual(['access_denied', 'of-the-program', null]);
});

test('nothing can be allowed that is not asked rightly, and nothing goes where the document does not say', async ({ page }) => {
  await page.goto(`/oauth/authorize?${asked(world(), { code_challenge_method: 'plain' }).query}`);
  await expect(page.getByText('This request cannot be allowed')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Let it in' })).toHaveCount(0);
  await page.getByRole('button', { name: /^Back to 127\.0\.0\.1/ }).click();
  await page.waitForURL(/\/back\?error=invalid_request/);
  await page.goto(`/oauth/authorize?${asked(world(), { redirect_uri: 'https://elsewhere.example/back' }).query}`);
  await expect(page.getByText('nothing was sent')).toBeVisible();
  await expect(page.getByRole('button', { name: /Let it in|Back to/ })).toHaveCount(0);
  await page.goto('/oauth/authorize');
  await expect(page.getByText('Nothing asks to be let in')).toBeVisible();
});

test('whoever is not signed in is asked to, and comes back to the very request', async ({ browser }) => {
  const context = await browser.newContext({ baseURL: world().origin, storageState: { cookies: [], origins: [] }, locale: 'en-US' });
  const page = await context.newPage();
  await page.goto(`/oauth/authorize?${asked(world()).query}`);
  await page.waitForURL(/\/sign-in\?next=/);
  await page.getByLabel('E-mail address').fill('ada@example.org');
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByText(CLIENT_NAME)).toBeVisible();
  await context.close();
});
