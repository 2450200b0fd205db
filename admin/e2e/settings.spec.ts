import type { Browser, BrowserContext, Page } from '@playwright/test';
import { expect, test } from './fixtures';
import { AUDITOR, world } from './world';

const [FIRST, SECOND] = ['first battery staple', 'second battery staple'] as const;

interface Person {
  email: string;
  context: BrowserContext;
}

function visitor(browser: Browser, page: Page): Promise<BrowserContext> {
  return browser.newContext({ baseURL: world().origin, storageState: { cookies: [], origins: [] }, serviceWorkers: 'block', viewport: page.viewportSize(), locale: 'en-US' });
}

/** Somebody new with a password, signed in by it: their sessions are no other test's. */
async function somebody(page: Page, browser: Browser, name: string): Promise<Person> {
  const { origin } = world();
  const email = `${name}-${Date.now().toString(36)}@example.org`;
  const made = await page.request.post('/api/v1/people', { data: { email, display_name: name, roles: [{ role: 'support' }] }, headers: { origin } });
  expect(made.status(), await made.text()).toBe(201);
  const link = new URL((await made.json()).sign_in_link).hash.replace('#token=', '');
  const door = await visitor(browser, page);
  expect((await door.request.post('/api/v1/session', { data: { link }, headers: { origin } })).ok()).toBe(true);
  expect((await door.request.put('/api/v1/me/password', { data: { new: FIRST }, headers: { origin } })).ok()).toBe(true);
  await door.close();
  return { email, context: await signIn(page, browser, email, FIRST) };
}

async function signIn(page: Page, browser: Browser, email: string, password: string): Promise<BrowserContext> {
  const context = await visitor(browser, page);
  const own = await context.newPage();
  await own.goto('/sign-in');
  await own.getByLabel('E-mail address').fill(email);
  await own.getByLabel('Password').fill(password);
  await own.getByRole('button', { name: 'Sign in' }).click();
  await own.waitForURL('/chat');
  await own.close();
  return context;
}

test('open sessions are listed, one is ended from another, and its browser is signed out', async ({ page, browser }, info) => {
  const { email, context } = await somebody(page, browser, `sessions-${info.project.name}`);
  const other = await signIn(page, browser, email, FIRST);
  const own = await context.newPage();
  await own.goto('/settings');
  const part = own.locator('main div').filter({ has: own.getByRole('heading', { name: 'Sessions' }) }).last();
  const rows = own.getByRole('listitem').filter({ hasText: 'Last used' });
  await expect(part).toBeVisible();
  await expect(rows.filter({ hasText: 'This one' })).toHaveCount(1);
  // The one that one is in is ended by signing out.
  await expect(rows.filter({ hasText: 'This one' }).getByRole('button')).toHaveCount(0);
  // The link that let them in first has a session of its own.
  const { items } = await (await context.request.get('/api/v1/sessions')).json();
  await expect(rows).toHaveCount(items.length);
  const ends = rows.getByRole('button', { name: 'End' });
  for (let left = items.length - 1; left > 0; left -= 1) {
    await ends.first().click();
    await expect(own.getByText('The session has ended.')).toBeVisible();
    await expect(ends).toHaveCount(left - 1);
  }
  const theirs = await other.newPage();
  await theirs.goto('/settings');
  await expect(theirs).toHaveURL(/\/sign-in/);
  await own.reload();
  await expect(own.getByRole('heading', { level: 1, name: 'Settings' })).toBeVisible();
  await context.close();
  await other.close();
});

test('a name is corrected, and language and time zone are told to the server when they are chosen', async ({ page, browser }, info) => {
  const { context } = await somebody(page, browser, `profile-${info.project.name}`);
  const own = await context.newPage();
  const me = async () => (await context.request.get('/api/v1/me')).json();
  expect(await me()).toMatchObject({ locale: null, time_zone: null });
  await own.goto('/settings');
  const name = own.getByLabel('Your name');
  // Refused by the server, which says why; nothing is changed by it.
  await name.fill('Zo\u200be');
  await own.getByRole('button', { name: 'Save' }).click();
  await expect(own.locator('form').getByRole('alert')).toContainText('a character that nobody sees');
  expect(await me()).toMatchObject({ display_name: `profile-${info.project.name}`, locale: null, time_zone: null });
  await name.fill('Zoë Gurung');
  await own.getByLabel('Time zone').selectOption('Europe/Zurich');
  await own.getByRole('button', { name: 'Save' }).click();
  await expect(own.getByText('Saved. Runs that begin from now on know it.')).toBeVisible();
  await expect(own.getByRole('heading', { level: 2, name: 'Zoë Gurung' })).toBeVisible();
  expect(await me()).toMatchObject({ display_name: 'Zoë Gurung', locale: 'en', time_zone: 'Europe/Zurich' });
  const told = own.waitForResponse((response) => response.request().method() === 'PATCH' && response.url().endsWith('/api/v1/me'));
  await own.getByLabel('Language').selectOption('es');
  expect((await told).status()).toBe(200);
  expect(await me()).toMatchObject({ display_name: 'Zoë Gurung', locale: 'es', time_zone: 'Europe/Zurich' });
  await own.reload();
  await expect(own.getByLabel('Su nombre')).toHaveValue('Zoë Gurung');
  await expect(own.getByLabel('Zona horaria')).toHaveValue('Europe/Zurich');
  await context.close();
});

test('a password is set with the one so far, ends other sessions, and lets in from then on', async ({ page, browser }, info) => {
  const { email, context } = await somebody(page, browser, `password-${info.project.name}`);
  const other = await signIn(page, browser, email, FIRST);
  const own = await context.newPage();
  await own.goto('/settings');
  await own.getByLabel('Current password').fill('not the password at all');
  await own.getByLabel('New password').fill(SECOND);
  await own.getByRole('button', { name: 'Set password' }).click();
  await expect(own.locator('form').getByRole('alert')).toBeVisible();
  await own.getByLabel('Current password').fill(FIRST);
  // One that is too short is not sent.
  await own.getByLabel('New password').fill('short');
  await own.getByRole('button', { name: 'Set password' }).click();
  expect(await own.getByLabel('New password').evaluate((field) => field instanceof HTMLInputElement && field.validity.valid)).toBe(false);
  await own.getByLabel('New password').fill(SECOND);
  await own.getByRole('button', { name: 'Set password' }).click();
  await expect(own.getByText('The password is set. Other sessions have ended.')).toBeVisible();
  await expect(own.getByLabel('New password')).toHaveValue('');
  const theirs = await other.newPage();
  await theirs.goto('/settings');
  await expect(theirs).toHaveURL(/\/sign-in/);
  await theirs.getByLabel('E-mail address').fill(email);
  await theirs.getByLabel('Password').fill(FIRST);
  await theirs.getByRole('button', { name: 'Sign in' }).click();
  await expect(theirs.locator('main').getByRole('alert')).toHaveText('Address or password are not right.');
  await (await signIn(page, browser, email, SECOND)).close();
  await context.close();
  await other.close();
});

const CONNECTED = {
  servers: [
    { name: 'files', transport: 'http', tools: ['files.find'] },
    { name: 'calendar', transport: 'stdio', tools: [] },
  ],
  set_aside: [{ name: 'directory', why: 'its signature is of nobody who is trusted' }],
  secrets: [],
  oidc: true,
  push: true,
  mail: false,
};

const USE = { scheme: 'https', host: 'api.example.com', port: 443, methods: ['GET'], paths: ['/v1/*'], header: 'Authorization' };
const NAMED = [
  { plugin: 'directory', name: 'example_token', uses: [USE], set_in: 'configuration', version: null, set_by: null, set_at: null },
  { plugin: 'directory', name: 'other_token', uses: [USE], set_in: null, version: null, set_by: null, set_at: null },
];

test('models, servers of tools and names of secrets are listed with where they are put, and no value of a secret is', async ({ page }) => {
  // No server is away here and no plugin asks for a secret: they stand in.
  await page.route('**/api/v1/integrations', (route) => route.fulfill({ json: CONNECTED }));
  await page.route('**/api/v1/secrets', (route) => route.fulfill({ json: { items: NAMED, next_cursor: null } }));
  // Nor is there a second model, of a kind that these pages do not know.
  await page.route('**/api/v1/models', async (route) => {
    const response = await route.fetch();
    const { items, next_cursor } = await response.json();
    const spare = { ...items[0], name: 'spare', model: 'llama3', provider: 'telegraph', is_price_known: false, fallback: ['strong'], agents: [] };
    await route.fulfill({ response, json: { items: [...items, spare], next_cursor } });
  });
  await page.goto('/settings');
  await page.getByRole('button', { name: 'Installation' }).click();
  await expect(page).toHaveURL('/settings?show=installation');
  const row = (name: string) => page.getByRole('listitem').filter({ has: page.getByText(name, { exact: true }) });
  await expect(row('strong').getByRole('link', { name: 'What strong cost' })).toHaveAttribute('href', '/usage?by=model');
  await expect(row('strong')).toContainText('Its provider calls it scripted; it is asked by chat completions.');
  await expect(row('strong')).toContainText('A million tokens cost $1.00 read, $1.00 read from a cache, $4.00 written.');
  await expect(row('strong')).toContainText('Asked by assistant.');
  await expect(row('spare')).toContainText('Its provider calls it llama3; it is asked by telegraph.');
  await expect(row('spare')).toContainText('What it costs is not known, so it counts as a dear one.');
  await expect(row('spare')).toContainText('No agent asks it first.');
  await expect(row('spare')).toContainText('When it fails: strong.');
  // Where a model is, and with which key, is in no answer.
  expect(await (await page.request.get('/api/v1/models')).text()).not.toMatch(/https?:|127\.0\.0\.1|key/);
  await expect(page.getByText('[models.name]', { exact: true })).toBeVisible();
  await expect(row('files').getByRole('link', { name: '1 tool' })).toHaveAttribute('href', '/tools?q=files.');
  await expect(row('calendar')).toContainText('no tools');
  await expect(row('calendar')).toContainText('It does not answer, or nothing of it is accepted.');
  await expect(row('directory')).toContainText('its signature is of nobody who is trusted');
  await expect(row('example_token').getByText('set for all', { exact: true })).toBeVisible();
  await expect(row('other_token').getByText('not set', { exact: true })).toBeVisible();
  await expect(page.getByText('[[plugins.secrets]]', { exact: true })).toBeVisible();
  await expect(page.getByRole('textbox')).toHaveCount(0);
  await expect(page.getByRole('list', { name: 'Ways to people' }).getByRole('listitem').filter({ hasText: 'by mail' })).toContainText('not set up');
  // What is away is not well on the page of health either.
  await page.goto('/health');
  const part = page.locator('main div').filter({ has: page.getByRole('heading', { name: 'Integrations' }) }).last();
  await expect(part).toContainText('look at it');
  await expect(page.getByText('calendar', { exact: true })).toBeVisible();
  await expect(page.getByText('its signature is of nobody who is trusted')).toBeVisible();
  await expect(page.getByText(/Tools of these cannot be called\./)).toBeVisible();
});

test('what cannot be read says so and is read again, and the models stay', async ({ page }) => {
  let isBroken = true;
  await page.route('**/api/v1/integrations', async (route) => {
    if (!isBroken) return route.fulfill({ json: { ...CONNECTED, servers: [], set_aside: [], secrets: [] } });
    return route.fulfill({ status: 403, contentType: 'application/problem+json', json: { status: 403, code: 'denied', detail: 'x', request_id: 'req_connected' } });
  });
  await page.goto('/settings?show=installation');
  await expect(page.locator('main').getByRole('alert').getByText('req_connected')).toBeVisible();
  await expect(page.getByText('strong', { exact: true })).toBeVisible();
  isBroken = false;
  await page.getByRole('button', { name: 'Try again' }).click();
  await expect(page.getByText('No plugin asks for a secret.')).toBeVisible();
  await expect(page.getByText('[[mcp]]', { exact: true })).toBeVisible();
});

test.describe('as somebody who may look only', () => {
  test.use({ storageState: AUDITOR });
  test('what the installation is connected to is read, and nothing of it can be set', async ({ page }) => {
    await page.route('**/api/v1/integrations', (route) => route.fulfill({ json: CONNECTED }));
    await page.route('**/api/v1/secrets', (route) => route.fulfill({ json: { items: NAMED, next_cursor: null } }));
    await page.goto('/settings?show=installation');
    await expect(page.getByText('example_token', { exact: true })).toBeVisible();
    await expect(page.locator('main').getByRole('textbox')).toHaveCount(0);
    await expect(page.locator('main').getByRole('button')).toHaveText(['Yours', 'Installation', 'Set', 'Set']);
    for (const name of ['Set example_token', 'Set other_token']) await expect(page.getByRole('button', { name })).toHaveAttribute('aria-disabled', 'true');
  });
});

test('a choice of a few is as wide as its words, and each begins with a capital', async ({ page }) => {
  await page.goto('/actions');
  const group = page.getByRole('group', { name: 'Which' });
  const buttons = group.getByRole('button');
  await expect(buttons.first()).toBeVisible();
  const [track, last] = await Promise.all([group.boundingBox(), buttons.last().boundingBox()]);
  if (track === null || last === null) throw new Error('both are there');
  expect(track.x + track.width - (last.x + last.width)).toBeLessThan(8);
  for (const label of await group.locator('button > span').all()) expect(await label.evaluate((span) => getComputedStyle(span, '::first-letter').textTransform)).toBe('uppercase');
});
