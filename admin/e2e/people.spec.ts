import { expect, test } from './fixtures';
import { AUDITOR, PASSWORD } from './world';

test('somebody is invited by a link that is shown once, gets other roles, is shut out and let in again', async ({ page, browser, baseURL }, info) => {
  const name = `Grace of ${info.project.name}`;
  await page.goto('/people');
  await page.getByRole('button', { name: 'Invite', exact: true }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name').fill(name);
  await dialog.getByLabel('E-mail address').fill(`grace-${info.project.name}@example.org`);
  await expect(dialog.getByRole('button', { name: 'Make a link' })).toHaveAccessibleDescription('Choose a role and where it holds.');
  await dialog.getByRole('checkbox', { name: /^support/ }).check();
  await dialog.getByRole('button', { name: 'Make a link' }).click();
  const link = (await dialog.locator('code').textContent()) ?? '';
  expect(link).toContain('/sign-in#token=');
  await expect(dialog.getByText('Shown now and never again.', { exact: false })).toBeVisible();
  await dialog.getByRole('button', { name: 'Done' }).click();
  await expect(page).toHaveURL('/people');
  await page.reload();
  await expect(page.getByText(link)).toHaveCount(0);
  // Rows far below what is seen are not there: they are looked for.
  await page.goto(`/people?q=${encodeURIComponent(name)}`);
  const row = page.getByRole('button', { name: new RegExp(name) });
  await expect(row.getByText('invited')).toBeVisible();

  const theirs = await browser.newContext({ baseURL, storageState: { cookies: [], origins: [] } });
  const their = await theirs.newPage();
  await their.goto(link);
  await their.getByRole('button', { name: 'Sign in with this link' }).click();
  await expect(their).toHaveURL('/chat');

  await page.reload();
  await expect(row).toBeVisible();
  await expect(row.getByText('invited')).toHaveCount(0);
  await row.click();
  const person = page.getByRole('dialog', { name });
  await expect(person.getByText('Where they are signed in.', { exact: false })).toBeVisible();
  await person.getByRole('button', { name: 'End all of them' }).click();
  await expect(person.getByText('They are signed in nowhere.')).toBeVisible();
  await their.goto('/settings');
  await expect(their).toHaveURL(/\/sign-in/);
  await theirs.close();
  await person.getByRole('checkbox', { name: /^finance/ }).check();
  await person.getByRole('button', { name: 'Set roles' }).click();
  await expect(page.getByText('The roles are set. Their sessions have ended.')).toBeVisible();

  await person.getByRole('button', { name: 'Shut out' }).click();
  await person.getByRole('button', { name: `Shut ${name} out` }).click();
  await expect(page.getByText('They are shut out now.')).toBeVisible();
  await expect(person.getByRole('button', { name: 'Make a link' })).toHaveAccessibleDescription(/let them in again first/);
  await person.getByRole('button', { name: 'Let in again' }).click();
  await expect(person.getByRole('button', { name: 'Shut out' })).toBeVisible();
});

test('who was invited and never came is told from everybody else', async ({ page, baseURL }, info) => {
  const name = `Nora of ${info.project.name}`;
  const made = await page.request.post('/api/v1/people', { data: { email: `nora-${info.project.name}@example.org`, display_name: name, roles: [{ role: 'support' }] }, headers: { origin: baseURL ?? '' } });
  expect(made.status(), await made.text()).toBe(201);
  await page.goto('/people');
  const ada = page.getByRole('button', { name: /ada@example.org/ });
  await expect(ada).toBeVisible();
  for (const word of ['invited', 'never came']) await expect(ada.getByText(word)).toHaveCount(0);
  await page.goto(`/people?q=${encodeURIComponent(name)}`);
  const row = page.getByRole('button', { name: new RegExp(name) });
  await expect(row.getByText('invited')).toBeVisible();
  await row.click();
  const person = page.getByRole('dialog', { name });
  await expect(person.getByText(/^The link lets them in until .*20\d\d/)).toBeVisible();
  // Links end with the account: let in again, they have none.
  await person.getByRole('button', { name: 'Shut out' }).click();
  await person.getByRole('button', { name: `Shut ${name} out` }).click();
  await person.getByRole('button', { name: 'Let in again' }).click();
  await expect(person.getByText('No link is open: make a new one.')).toBeVisible();
  await expect(row.getByText('never came')).toBeVisible();
  await person.getByRole('button', { name: 'Make a link' }).click();
  await expect(person.getByText('Shown now and never again.', { exact: false })).toBeVisible();
  await expect(person.getByText(/^The link lets them in until /)).toBeVisible();
});

test('an owner sees somebody’s tokens and takes one away', async ({ page, browser, playwright, baseURL }, info) => {
  const name = `Tim of ${info.project.name}`;
  const headers = { origin: baseURL ?? '' };
  const made = await page.request.post('/api/v1/people', { data: { email: `tim-${info.project.name}@example.org`, display_name: name, roles: [{ role: 'support' }] }, headers });
  expect(made.status(), await made.text()).toBe(201);
  const theirs = await browser.newContext({ baseURL, storageState: { cookies: [], origins: [] } });
  const link = new URL((await made.json()).sign_in_link).hash.replace('#token=', '');
  expect((await theirs.request.post('/api/v1/session', { data: { link }, headers })).ok()).toBe(true);
  const secrets: string[] = [];
  for (const token of ['Night job', 'Day job']) {
    const answer = await theirs.request.post('/api/v1/tokens', { data: { name: token, scopes: ['read'] }, headers });
    expect(answer.status(), await answer.text()).toBe(201);
    secrets.push(String((await answer.json()).secret));
  }
  const program = await playwright.request.newContext({ baseURL, storageState: { cookies: [], origins: [] } });
  const asks = async (at: number) => (await program.get('/api/v1/me', { headers: { authorization: `Bearer ${secrets[at]}` } })).status();
  expect([await asks(0), await asks(1)]).toEqual([200, 200]);
  await page.goto(`/people?q=${encodeURIComponent(name)}`);
  await page.getByRole('button', { name: new RegExp(name) }).click();
  const person = page.getByRole('dialog', { name });
  const night = person.getByRole('listitem').filter({ hasText: 'Night job' });
  await night.getByRole('button', { name: 'Revoke' }).click();
  expect(await asks(0)).toBe(200);
  await night.getByRole('button', { name: 'Revoke for good' }).click();
  await expect(night.getByText('revoked')).toBeVisible();
  await expect(night.getByRole('button')).toHaveCount(0);
  await expect(person.getByRole('listitem').filter({ hasText: 'Day job' }).getByRole('button', { name: 'Revoke' })).toBeVisible();
  expect([await asks(0), await asks(1)]).toEqual([401, 200]);
  await program.dispose();
  await theirs.close();
});

test('the last owner stays: the server refuses, and the page says so', async ({ page, baseURL }) => {
  // Other tests let further owners in: with one of them left, this one would go.
  interface Other {
    person_id: string;
    email: string;
    disabled_at?: string | null;
    roles: { role: string }[];
  }
  const { items }: { items: Other[] } = await (await page.request.get('/api/v1/people?limit=100')).json();
  for (const other of items.filter((one) => one.email !== 'ada@example.org' && one.disabled_at == null && one.roles.some((held) => held.role === 'owner'))) {
    expect((await page.request.delete(`/api/v1/people/${other.person_id}`, { headers: { origin: baseURL ?? '' } })).ok()).toBe(true);
  }
  await page.goto('/people');
  await page.getByRole('button', { name: /ada@example.org/ }).click();
  const person = page.getByRole('dialog');
  await expect(person.getByRole('button', { name: 'Shut out' })).toHaveAccessibleDescription('Nobody shuts themselves out.');
  await person.getByRole('checkbox', { name: /^owner/ }).uncheck();
  await person.getByRole('checkbox', { name: /^manager/ }).check();
  await person.getByRole('button', { name: 'Set roles' }).click();
  await expect(person.getByRole('alert')).toContainText(/owner/);
});

test('a workspace is made and renamed', async ({ page }, info) => {
  const name = `Workshop ${info.project.name}`;
  await page.goto('/people?show=workspaces');
  await page.getByRole('button', { name: 'Add' }).click();
  await page.getByRole('dialog').getByLabel('Name').fill(name);
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
  const row = page.getByRole('listitem').filter({ hasText: name });
  await row.getByRole('button', { name: 'Rename' }).click();
  await page.getByRole('dialog').getByLabel('Name').fill(`${name} two`);
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText(`${name} two`)).toBeVisible();
});

test('a token is shown once, works, and works no more once it is revoked', async ({ page, playwright, baseURL }, info) => {
  const name = `Script ${info.project.name}`;
  await page.goto('/settings');
  await page.getByRole('button', { name: 'Make a token' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name').fill(name);
  await expect(dialog.getByRole('button', { name: 'Make', exact: true })).toHaveAccessibleDescription('Choose what it may do.');
  await dialog.getByRole('checkbox', { name: /^read/ }).check();
  await dialog.getByRole('button', { name: 'Make', exact: true }).click();
  const secret = (await dialog.locator('code').textContent()) ?? '';
  const program = await playwright.request.newContext({ baseURL, storageState: { cookies: [], origins: [] }, extraHTTPHeaders: { authorization: `Bearer ${secret}` } });
  expect((await program.get('/api/v1/me')).status()).toBe(200);
  await dialog.getByRole('button', { name: 'Done' }).click();
  await expect(page.getByText(secret)).toHaveCount(0);
  const row = page.getByRole('listitem').filter({ hasText: name });
  await row.getByRole('button', { name: 'Revoke' }).click();
  await row.getByRole('button', { name: 'Revoke for good' }).click();
  await expect(row.getByText('revoked')).toBeVisible();
  expect((await program.get('/api/v1/me')).status()).toBe(401);
  await program.dispose();
});

test('making a token asks who has no second factor for the password, and sends the very same again', async ({ page }, info) => {
  // The first answer is what the server says ten minutes after the password was given, everything after it is real.
  const sent: unknown[] = [];
  await page.route('**/api/v1/tokens', async (route) => {
    if (route.request().method() !== 'POST') return route.continue();
    sent.push(route.request().postDataJSON());
    if (sent.length > 1) return route.continue();
    await route.fulfill({ status: 403, contentType: 'application/problem+json', json: { code: 'not_proven', status: 403, detail: 'no' } });
  });
  await page.goto('/settings');
  await page.getByRole('button', { name: 'Make a token' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name').fill(`Proven ${info.project.name}`);
  await dialog.getByRole('checkbox', { name: /^read/ }).check();
  await dialog.getByRole('button', { name: 'Make', exact: true }).click();
  const asked = page.getByRole('form', { name: 'Your password again' });
  await asked.getByLabel('Your password').fill(PASSWORD);
  await asked.getByRole('button', { name: 'Give it and go on' }).click();
  await expect(dialog.locator('code')).toContainText('stw_');
  expect(sent).toHaveLength(2);
  expect(sent[1]).toEqual(sent[0]);
});

test.describe('as somebody who may look only', () => {
  test.use({ storageState: AUDITOR });
  test('people are seen and not changed', async ({ page }) => {
    await page.goto('/people');
    await expect(page.getByRole('button', { name: 'Invite', exact: true })).toHaveAccessibleDescription('Only owners invite and change people.');
    await page.getByRole('button', { name: /sam@example.org/ }).click();
    const person = page.getByRole('dialog');
    for (const name of ['Set roles', 'Make a link', 'Shut out']) await expect(person.getByRole('button', { name })).toHaveAttribute('aria-disabled', 'true');
    await expect(person.getByRole('checkbox', { name: /^owner/ })).toBeDisabled();
    // Where somebody is signed in and with which keys is for owners alone, and the server says so too.
    for (const name of ['Sessions', 'API tokens']) await expect(person.getByRole('heading', { name })).toHaveCount(0);
    await expect(person.getByRole('button', { name: 'End all of them' })).toHaveCount(0);
    const id = new URL(page.url()).searchParams.get('open');
    for (const part of ['sessions', 'tokens']) expect((await page.request.get(`/api/v1/people/${id}/${part}`)).status(), part).toBe(403);
    expect((await page.request.delete(`/api/v1/people/${id}/sessions`, { headers: { origin: new URL(page.url()).origin } })).status()).toBe(403);
    await page.goto('/settings');
    await expect(page.getByRole('button', { name: 'Make a token' })).toHaveAccessibleDescription('Your roles make no tokens.');
  });
});
