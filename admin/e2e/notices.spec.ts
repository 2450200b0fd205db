import type { BrowserContext, Page, Worker } from '@playwright/test';
import { expect, hold, test } from './fixtures';
import { world } from './world';

test.use({ serviceWorkers: 'allow' });

/** Brings messages to the page's worker as the browser's maker would, over Chromium's debugging protocol. */
async function service(page: Page) {
  const protocol = await page.context().newCDPSession(page);
  const found = new Promise<string>((done) => {
    protocol.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) => {
      const own = registrations.find((one) => one.scopeURL.startsWith(world().origin) && !one.isDeleted);
      if (own !== undefined) done(own.registrationId);
    });
  });
  await protocol.send('ServiceWorker.enable');
  await page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
  const registrationId = await found;
  return (data: string) => protocol.send('ServiceWorker.deliverPushMessage', { origin: world().origin, registrationId, data });
}

function workerOf(context: BrowserContext): Worker {
  const found = context.serviceWorkers().find((one) => one.url().endsWith('/sw.js'));
  if (found === undefined) throw new Error('there is no worker');
  return found;
}

/** What is shown now. */
function shown(page: Page) {
  return page.evaluate(async () => {
    const registration = await navigator.serviceWorker.ready;
    return (await registration.getNotifications()).map(({ title, body, tag, lang, dir, data }) => ({ title, body, tag, lang, dir, path: String(data?.path) }));
  });
}

/** Delivers until that is shown: Chromium may lose a message that comes while another of its tag is still going. */
async function bring(page: Page, deliver: (data: string) => Promise<unknown>, data: string, wanted: readonly string[]) {
  await expect(async () => {
    await deliver(data);
    await expect.poll(async () => (await shown(page)).map((one) => [one.title, one.tag, one.path]), { timeout: 1_000 }).toEqual([wanted]);
  }).toPass({ timeout: 15_000 });
}

/** Presses what is shown, and waits until it is gone: what is seen next is what came next. Only a hand may open windows, so what the worker wants to open is told instead. */
async function press(page: Page) {
  const wanted = await workerOf(page.context()).evaluate(`(async () => {
    const wanted = [];
    clients.openWindow = async (path) => { wanted.push(path); return null; };
    WindowClient.prototype.focus = async function () { wanted.push('focus ' + new URL(this.url).pathname); return this; };
    for (const notification of await registration.getNotifications()) {
      const work = [];
      const event = new NotificationEvent('notificationclick', { notification });
      event.waitUntil = (promise) => work.push(promise);
      dispatchEvent(event);
      await Promise.all(work);
    }
    return wanted;
  })()`);
  await expect.poll(() => shown(page)).toEqual([]);
  return wanted;
}

test('a message is shown, leads to the decision, and is gone once that is made', async ({ page, context }, info) => {
  await context.grantPermissions(['notifications'], { origin: world().origin });
  const name = `Notia-${info.project.name}`;
  await hold(page, name);
  const path = (await page.getByRole('link', { name: 'Open the whole card' }).getAttribute('href')) ?? '';
  const tag = path.replace('/holds/', '');
  const deliver = await service(page);
  await deliver(JSON.stringify({ title: 'هناك ما ينتظر قرارك', body: 'mail.send', path, tag, lang: 'ar', dir: 'rtl' }));
  await expect.poll(() => shown(page)).toEqual([{ title: 'هناك ما ينتظر قرارك', body: 'mail.send', tag, lang: 'ar', dir: 'rtl', path }]);
  // The same again replaces it.
  await deliver(JSON.stringify({ title: 'Something waits for your decision', body: 'mail.send', path, tag, lang: 'en', dir: 'ltr' }));
  await expect.poll(() => shown(page)).toEqual([{ title: 'Something waits for your decision', body: 'mail.send', tag, lang: 'en', dir: 'ltr', path }]);
  expect(await press(page)).toEqual([path]);
  await bring(page, deliver, JSON.stringify({ title: 'Something waits for your decision', body: 'mail.send', path, tag, lang: 'en', dir: 'ltr' }), ['Something waits for your decision', tag, path]);
  await page.goto(path);
  await page.getByRole('button', { name: 'Approve' }).click();
  await page.getByRole('button', { name: 'Approve exactly this' }).click();
  await expect.poll(() => shown(page)).toEqual([]);
  const isWide = await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
  expect(isWide).toBe(false);
  // One that is open already is gone to.
  await bring(page, deliver, JSON.stringify({ title: 'x', path, tag }), ['x', tag, path]);
  expect(await press(page)).toEqual([`focus ${path}`]);
});

test('no message leads anywhere but to a page of our own', async ({ page, context }) => {
  await context.grantPermissions(['notifications'], { origin: world().origin });
  await page.goto('/settings');
  const deliver = await service(page);
  for (const wrong of ['https://else.example/', '//else.example/', '/\\else.example', 'javascript:alert(1)', 7, null]) {
    await bring(page, deliver, JSON.stringify({ title: 'x', path: wrong, tag: 'one' }), ['x', 'one', '/holds']);
    expect(await press(page)).toEqual(['/holds']);
  }
  for (const garbage of ['', 'no JSON', '[]', '7', 'null']) {
    await bring(page, deliver, garbage, ['Steward', 'steward', '/holds']);
    await press(page);
  }
});

test('a person who said no is told how to change that', async ({ page }) => {
  // What somebody said to their browser cannot be said for them: the page is told what a browser would tell it.
  await page.addInitScript(() => Object.defineProperty(Notification, 'permission', { get: () => 'denied' }));
  await page.goto('/settings');
  await expect(page.getByRole('paragraph').filter({ hasText: 'You told this browser to let Steward send nothing.' })).toBeVisible();
  await expect(page.getByRole('button', { name: 'Tell me in this browser' })).toHaveAttribute('aria-disabled', 'true');
});

/** The service of the browser's maker is not there where tests run: what it would give is made up, and everything else is real. */
async function withService(page: Page) {
  await page.addInitScript(() => {
    const decode = (text: string) => Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (letter) => letter.charCodeAt(0)).buffer;
    const keys: Record<string, string> = { p256dh: 'BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4', auth: 'BTBZMqHH6r4Tts7J_aSIgg' };
    const made = (endpoint: string) => ({
      endpoint,
      options: { applicationServerKey: null },
      getKey: (name: string) => decode(keys[name] ?? ''),
      unsubscribe: () => Promise.resolve(sessionStorage.removeItem('push')).then(() => true),
    });
    const replace = (name: string, value: unknown) => Object.defineProperty(PushManager.prototype, name, { value });
    replace('getSubscription', () => Promise.resolve(sessionStorage.getItem('push')).then((endpoint) => (endpoint === null ? null : made(endpoint))));
    replace('subscribe', (options: PushSubscriptionOptionsInit) => {
      const key = options.applicationServerKey;
      if (options.userVisibleOnly !== true || !(key instanceof Uint8Array) || key.length !== 65) return Promise.reject(new Error('asked wrongly'));
      const endpoint = `https://push.invalid/${Math.random().toString(36).slice(2)}`;
      sessionStorage.setItem('push', endpoint);
      return Promise.resolve(made(endpoint));
    });
  });
}

test('a person turns messages on in their browser, sends a test, and turns them off', async ({ page, context }) => {
  await context.grantPermissions(['notifications'], { origin: world().origin });
  await withService(page);
  await page.goto('/settings');
  await expect(page.getByText('No browser yet.')).toBeVisible();
  await expect(page.getByRole('checkbox', { name: /ada@example.org/ })).toBeDisabled();
  // Nowhere to tell them is said, and what to do.
  await page.getByRole('button', { name: 'Send a test' }).click();
  await expect(page.getByText(/there is nowhere to tell you/)).toBeVisible();
  await page.getByRole('button', { name: 'Tell me in this browser' }).click();
  await expect(page.getByText('You are told in this browser from now on.')).toBeVisible();
  await expect(page.getByText('this one', { exact: true })).toBeVisible();
  await page.reload();
  await expect(page.getByText('this one', { exact: true })).toBeVisible();
  await page.getByRole('button', { name: 'Send a test' }).click();
  await expect(page.getByText('On its way to 1 place')).toBeVisible();
  // The name leads nowhere, and that is said as it is.
  const message = page.getByRole('listitem').filter({ hasText: 'under way' }).filter({ hasText: '`push.invalid` has no address' });
  await expect(message).toBeVisible({ timeout: 25_000 });
  await page.screenshot({ path: `test-results/notices-${test.info().project.name}.png`, fullPage: true });
  await page.getByRole('button', { name: /^Remove .*Chrome/ }).click();
  await expect(page.getByText('No browser yet.')).toBeVisible();
  expect(await page.evaluate(() => sessionStorage.getItem('push'))).toBeNull();
});

test('who signs out is not told in that browser any more', async ({ page, browser, context }, info) => {
  await context.grantPermissions(['notifications'], { origin: world().origin });
  const origin = world().origin;
  const email = `noa-${info.project.name}@example.org`;
  const invited = await (await page.request.post('/api/v1/people', { data: { email, display_name: 'Noa', roles: [{ role: 'manager' }] }, headers: { origin } })).json();
  const own = await browser.newContext({ baseURL: origin, storageState: { cookies: [], origins: [] }, viewport: page.viewportSize(), permissions: ['notifications'] });
  const theirs = await own.newPage();
  await withService(theirs);
  await theirs.goto(`/sign-in${new URL(invited.sign_in_link).hash}`);
  await theirs.getByRole('button', { name: 'Sign in with this link' }).click();
  await expect(theirs).toHaveURL('/chat');
  await theirs.goto('/settings');
  await theirs.getByRole('button', { name: 'Tell me in this browser' }).click();
  await expect(theirs.getByText('this one', { exact: true })).toBeVisible();
  await theirs.getByRole('button', { name: 'Sign out' }).click();
  await expect(theirs).toHaveURL('/sign-in');
  expect(await theirs.evaluate(() => sessionStorage.getItem('push'))).toBeNull();
  const again = await (await page.request.post(`/api/v1/people/${invited.person_id}/links`, { headers: { origin } })).json();
  await theirs.goto(`/sign-in${new URL(again.sign_in_link ?? again.link).hash}`);
  await theirs.getByRole('button', { name: 'Sign in with this link' }).click();
  await expect(theirs).toHaveURL('/chat');
  expect(await (await theirs.request.get('/api/v1/me/push')).json()).toEqual({ items: [], next_cursor: null });
  await own.close();
});
