import type { Browser, BrowserContext, Page } from '@playwright/test';
import { expect, test } from './fixtures';
import { appCode } from './totp';
import { PASSWORD } from './world';

/** Somebody new in a browser of their own, who came by a link. */
async function newcomer(page: Page, browser: Browser, name: string, role: string): Promise<{ id: string; context: BrowserContext; origin: string }> {
  await page.goto('/people');
  const origin = new URL(page.url()).origin;
  const data = { email: `${name.toLowerCase()}@example.org`, display_name: name, roles: [{ role }] };
  const invited = await (await page.request.post('/api/v1/people', { data, headers: { origin } })).json();
  const context = await browser.newContext({ baseURL: origin, storageState: { cookies: [], origins: [] }, viewport: page.viewportSize() });
  const link = new URL(invited.sign_in_link).hash.replace('#token=', '');
  expect((await context.request.post('/api/v1/session', { data: { link }, headers: { origin } })).status()).toBe(201);
  return { id: invited.person_id, context, origin };
}

/** The same with a second factor that counts. Its code of a step before now is used up. */
async function guarded(page: Page, browser: Browser, name: string, role: string) {
  const { id, context, origin } = await newcomer(page, browser, name, role);
  const { secret } = await (await context.request.post('/api/v1/me/totp', { headers: { origin } })).json();
  const confirmed = await context.request.post('/api/v1/me/totp/confirm', { data: { code: appCode(secret, -1) }, headers: { origin } });
  expect(confirmed.status()).toBe(200);
  return { id, context, origin, secret: String(secret) };
}

test('a second factor is set up, asked for at the door, and a recovery code stands in for it', async ({ page, browser }, info) => {
  const { id, context, origin } = await newcomer(page, browser, `Fay-${info.project.name}`, 'manager');
  const theirs = await context.newPage();
  await theirs.goto('/settings');
  await theirs.getByRole('button', { name: 'Set up an app' }).click();
  const dialog = theirs.getByRole('dialog', { name: 'Set up an app' });
  await expect(dialog.getByRole('img', { name: /QR code/ })).toBeVisible();
  const secret = (await dialog.locator('code').textContent()) ?? '';
  await dialog.getByLabel('Code', { exact: true }).fill('000000');
  await dialog.getByRole('button', { name: 'Confirm' }).click();
  await expect(dialog.getByRole('alert')).toHaveText('This code is wrong, old or was used. Wait for the next one.');
  await theirs.screenshot({ path: `test-results/factor-enrol-${info.project.name}.png` });
  // Used up by this: the clock may go on meanwhile, and the code of then would be another.
  const code = appCode(secret, -1);
  await dialog.getByLabel('Code', { exact: true }).fill(code);
  await dialog.getByRole('button', { name: 'Confirm' }).click();
  const codes = theirs.getByRole('dialog', { name: 'Your recovery codes' });
  await expect(codes.getByRole('listitem')).toHaveCount(10);
  const recovery = (await codes.getByRole('listitem').first().textContent()) ?? '';
  await theirs.screenshot({ path: `test-results/factor-codes-${info.project.name}.png` });
  await codes.getByRole('button', { name: 'I have kept them' }).click();
  await expect(theirs.getByText('10 recovery codes left')).toBeVisible();

  const { sign_in_link: link } = await (await page.request.post(`/api/v1/people/${id}/links`, { headers: { origin } })).json();
  await theirs.getByRole('button', { name: 'Sign out' }).click();
  await expect(theirs).toHaveURL('/sign-in');
  await theirs.goto(link);
  await theirs.getByRole('button', { name: 'Sign in with this link' }).click();
  await expect(theirs.getByText('That was right. Now a code of your second factor.')).toBeVisible();
  await expect(theirs.getByLabel('Code', { exact: true })).toBeFocused();
  await theirs.screenshot({ path: `test-results/factor-sign-in-${info.project.name}.png` });
  await theirs.getByLabel('Code', { exact: true }).fill(code);
  await theirs.getByRole('button', { name: 'Sign in' }).click();
  await expect(theirs.locator('main').getByRole('alert')).toHaveText('This code is wrong, old or was used. Wait for the next one.');
  await theirs.getByLabel('Code', { exact: true }).fill(recovery.toUpperCase());
  await theirs.getByRole('button', { name: 'Sign in' }).click();
  await expect(theirs).toHaveURL('/chat');
  await theirs.goto('/settings');
  await expect(theirs.getByText('9 recovery codes left')).toBeVisible();

  await theirs.getByRole('button', { name: 'Remove' }).click();
  const remove = theirs.getByRole('dialog', { name: 'Remove' });
  await remove.getByLabel('Code', { exact: true }).fill(recovery);
  await remove.getByRole('button', { name: 'Remove' }).click();
  await expect(remove.getByRole('alert')).toHaveText('This code is wrong, old or was used. Wait for the next one.');
  await remove.getByLabel('Code', { exact: true }).fill(appCode(secret, 0));
  await remove.getByRole('button', { name: 'Remove' }).click();
  await expect(theirs.getByText('The second factor is removed.')).toBeVisible();
  await expect(theirs.getByRole('button', { name: 'Set up an app' })).toBeVisible();
  await context.close();
});

test('a grave act asks for a code on the spot, and goes on with it', async ({ page, browser }, info) => {
  const lost = await guarded(page, browser, `Lara-${info.project.name}`, 'support');
  const owner = await guarded(page, browser, `Olga-${info.project.name}`, 'owner');
  const theirs = await owner.context.newPage();
  await theirs.goto(`/people?open=${lost.id}`);
  const dialog = theirs.getByRole('dialog');
  await dialog.getByRole('button', { name: 'Remove', exact: true }).click();
  await dialog.getByRole('button', { name: /Remove the second factor of Lara/ }).click();
  const asked = dialog.getByRole('form', { name: 'Second factor' });
  await expect(asked.getByText(/a grave decision/)).toBeVisible();
  await asked.getByLabel('Code', { exact: true }).fill('000000');
  await asked.getByRole('button', { name: 'Give the code and go on' }).click();
  await expect(asked.getByRole('alert')).toHaveText('This code is wrong, old or was used. Wait for the next one.');
  await theirs.screenshot({ path: `test-results/factor-step-up-${info.project.name}.png` });
  await asked.getByLabel('Code', { exact: true }).fill(appCode(owner.secret, 0));
  await asked.getByRole('button', { name: 'Give the code and go on' }).click();
  await expect(theirs.getByText('They have no second factor any more.')).toBeVisible();
  expect((await lost.context.request.get('/api/v1/me')).status()).toBe(401);
  await lost.context.close();
  await owner.context.close();
});

test('inviting somebody asks for a code on the spot, and without it nobody is there', async ({ page, browser }, info) => {
  const owner = await guarded(page, browser, `Ines-${info.project.name}`, 'owner');
  const theirs = await owner.context.newPage();
  const email = `bo-${info.project.name}@example.org`;
  const isThere = async () => (await (await theirs.request.get('/api/v1/people?limit=200')).json()).items.some((one: { email: string }) => one.email === email);
  await theirs.goto('/people?new=1');
  const dialog = theirs.getByRole('dialog', { name: 'Invite' });
  await dialog.getByLabel('Name').fill(`Bo of ${info.project.name}`);
  await dialog.getByLabel('E-mail address').fill(email);
  await dialog.getByRole('checkbox', { name: /^manager/ }).check();
  await dialog.getByRole('button', { name: 'Make a link' }).click();
  const asked = theirs.getByRole('form', { name: 'Second factor' });
  await asked.getByLabel('Code', { exact: true }).fill('000000');
  await asked.getByRole('button', { name: 'Give the code and go on' }).click();
  await expect(asked.getByRole('alert')).toHaveText('This code is wrong, old or was used. Wait for the next one.');
  expect(await isThere()).toBe(false);
  await asked.getByLabel('Code', { exact: true }).fill(appCode(owner.secret, 0));
  await asked.getByRole('button', { name: 'Give the code and go on' }).click();
  await expect(theirs.getByRole('dialog').locator('code')).toContainText('/sign-in#token=');
  expect(await isThere()).toBe(true);
  await owner.context.close();
});

test('inviting somebody asks who has no second factor for the password, and goes on with it', async ({ page }, info) => {
  // The first answer is what the server says ten minutes after the password was given, everything after it is real.
  let isFirst = true;
  await page.route('**/api/v1/people', async (route) => {
    if (!isFirst || route.request().method() !== 'POST') return route.continue();
    isFirst = false;
    await route.fulfill({ status: 403, contentType: 'application/problem+json', json: { code: 'not_proven', status: 403, detail: 'no' } });
  });
  await page.goto('/people?new=1');
  const dialog = page.getByRole('dialog', { name: 'Invite' });
  await dialog.getByLabel('Name').fill(`Pia of ${info.project.name}`);
  await dialog.getByLabel('E-mail address').fill(`pia-${info.project.name}@example.org`);
  await dialog.getByRole('checkbox', { name: /^support/ }).check();
  await dialog.getByRole('button', { name: 'Make a link' }).click();
  const asked = page.getByRole('form', { name: 'Your password again' });
  await asked.getByLabel('Your password').fill(PASSWORD);
  await asked.getByRole('button', { name: 'Give it and go on' }).click();
  await expect(page.getByRole('dialog').locator('code')).toContainText('/sign-in#token=');
});

test('who came by a link that is no longer new gives the password so far, and is not sent out', async ({ page, browser }, info) => {
  const { context } = await newcomer(page, browser, `Lin-${info.project.name}`, 'support');
  const theirs = await context.newPage();
  const sent: unknown[] = [];
  await theirs.route('**/api/v1/me/password', async (route) => {
    sent.push(route.request().postDataJSON());
    const errors = [{ path: '/current', message: 'stay signed in' }];
    await route.fulfill({ status: 422, contentType: 'application/problem+json', json: { code: 'invalid', status: 422, detail: 'no', errors } });
  });
  await theirs.goto('/settings');
  await expect(theirs.getByLabel('Current password')).toHaveCount(0);
  await theirs.getByLabel('New password').fill('another horse battery');
  await theirs.getByRole('button', { name: 'Set password' }).click();
  await theirs.getByLabel('Current password').fill('the one so far');
  await expect(theirs.getByText(/stay signed in/)).toBeVisible();
  await theirs.getByRole('button', { name: 'Set password' }).click();
  await expect.poll(() => sent).toEqual([
    { new: 'another horse battery', current: null },
    { new: 'another horse battery', current: 'the one so far' },
  ]);
  await context.close();
});
