import type { BrowserContextOptions, Page, Route, TestInfo } from '@playwright/test';
import { expect, say, test } from './fixtures';
import { linkOf } from './proposals';
import { world } from './world';

/** The screen of this project, for a browser of somebody else. */
function screenOf(info: TestInfo): BrowserContextOptions {
  const { viewport, isMobile, hasTouch, userAgent, deviceScaleFactor, serviceWorkers } = info.project.use;
  return { viewport, isMobile, hasTouch, userAgent, deviceScaleFactor, serviceWorkers };
}

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
  let isOpen = false;
  await page.route(address, (route) => {
    if (!isOpen && route.request().method() === 'POST') waiting.push(route);
    else void route.fallback();
  });
  return async () => {
    await expect.poll(() => waiting.length).toBe(1);
    isOpen = true;
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

test('what is written and given while a conversation begins waits in it', async ({ page }) => {
  await page.goto('/chat');
  const letGo = await keepWaiting(page, '**/api/v1/conversations/*/messages');
  const box = page.getByRole('textbox', { name: 'Message' });
  const files = page.locator('form').getByRole('list', { name: 'Attached files' });
  await box.fill('Who is Ada, at the beginning?');
  await page.getByRole('button', { name: 'Send' }).click();
  await box.fill('And who is Grace?');
  await drop(page, 'main form', 'along.txt');
  await expect(files.getByRole('listitem')).toHaveCount(1);
  await expect(files.getByRole('progressbar')).toHaveCount(0);
  await letGo();
  await page.waitForURL(/\/chat\/conv_/);
  await expect(page.getByRole('article').getByText('Who is Ada, at the beginning?')).toBeVisible();
  await expect(box).toHaveValue('And who is Grace?');
  await expect(files.getByText('along.txt')).toBeVisible();
  // Nothing of it is left where the next one begins.
  await page.goto('/chat');
  await expect(box).toHaveValue('');
  await expect(files).toHaveCount(0);
});

test('what was sent is no draft any more where its page was left before the answer came', async ({ page }) => {
  await say(page, 'Who is Ada?');
  await expect(page.getByRole('cell', { name: 'ada@engines.example' })).toBeVisible();
  const box = page.getByRole('textbox', { name: 'Message' });
  const conversation = new URL(page.url()).pathname;
  for (const path of [conversation, '/chat']) {
    await page.goto(path);
    const letGo = await keepWaiting(page, '**/api/v1/conversations/*/messages');
    await box.fill('Who is Grace, meanwhile?');
    await page.getByRole('button', { name: 'Send' }).click();
    await page.locator('a[href="/holds"]').filter({ visible: true }).first().click();
    await page.waitForURL(/\/holds/);
    const answered = page.waitForResponse((response) => response.request().method() === 'POST' && response.url().endsWith('/messages'));
    await letGo();
    await answered;
    await expect.poll(() => page.evaluate(() => Object.keys(sessionStorage).filter((name) => name.startsWith('steward.draft.')))).toEqual([]);
    // Nor does the answer take anybody away from where they went.
    expect(new URL(page.url()).pathname).toBe('/holds');
  }
});

test('what is written where the next conversation begins stays when an earlier one is there at last', async ({ page }) => {
  await page.goto('/chat');
  const letGo = await keepWaiting(page, '**/api/v1/conversations/*/messages');
  const box = page.getByRole('textbox', { name: 'Message' });
  const go = (path: string) => page.locator(`a[href="${path}"]`).filter({ visible: true }).first().click();
  const files = page.locator('form').getByRole('list', { name: 'Attached files' });
  await drop(page, 'main form', 'went.txt');
  await expect(files.getByRole('listitem')).toHaveCount(1);
  await expect(files.getByRole('progressbar')).toHaveCount(0);
  await box.fill('Who is Grace, for a while?');
  await page.getByRole('button', { name: 'Send' }).click();
  await go('/holds');
  await page.waitForURL(/\/holds/);
  await go('/chat');
  await page.waitForURL(/\/chat$/);
  await expect(files.getByText('went.txt')).toBeVisible();
  await box.fill('Something else.');
  // It is read again once that conversation is known to be there.
  const listed = page.waitForRequest((request) => request.method() === 'GET' && new URL(request.url()).pathname === '/api/v1/conversations');
  await letGo();
  await listed;
  // The file went with that conversation: it does not go with the next one, too.
  await expect(files).toHaveCount(0);
  await page.reload();
  await expect(box).toHaveValue('Something else.');
  await expect(files).toHaveCount(0);
});

test('a file that is on its way when a conversation begins is waited for and goes along', async ({ page }) => {
  await page.goto('/chat');
  const letMessage = await keepWaiting(page, '**/api/v1/conversations/*/messages');
  const letFile = await keepWaiting(page, '**/api/v1/documents?*');
  const box = page.getByRole('textbox', { name: 'Message' });
  const files = page.locator('form').getByRole('list', { name: 'Attached files' });
  await box.fill('Who is Ada, before a file?');
  await page.getByRole('button', { name: 'Send' }).click();
  await drop(page, 'main form', 'late.txt');
  await expect(files.getByRole('progressbar')).toHaveCount(1);
  await letMessage();
  await expect(box).toHaveValue('');
  expect(new URL(page.url()).pathname).toBe('/chat');
  await letFile();
  await page.waitForURL(/\/chat\/conv_/);
  await expect(files.getByText('late.txt')).toBeVisible();
});

test('a sign-out in one tab takes what is written in all of them, and keeps no page', async ({ page, browser }, info) => {
  const { origin } = world();
  const person = await browser.newContext({ baseURL: origin, storageState: { cookies: [], origins: [] }, ...screenOf(info) });
  const theirs = await person.newPage();
  await theirs.goto(`/sign-in#token=${await linkOf(page.request, 'Olga Out', 'support')}`);
  await theirs.getByRole('button', { name: 'Sign in with this link' }).click();
  await theirs.waitForURL(/\/chat/);
  await theirs.getByRole('textbox', { name: 'Message' }).fill('Mine alone.');
  const tab = await person.newPage();
  await tab.goto('/settings');
  await tab.getByRole('button', { name: 'Sign out' }).click();
  await tab.waitForURL(/\/sign-in/);
  await theirs.waitForURL(/\/sign-in/);
  await expect(theirs.getByRole('dialog', { name: 'You are signed out' })).toHaveCount(0);
  expect(await theirs.evaluate(() => Object.keys(sessionStorage).filter((name) => name.startsWith('steward.draft.')))).toEqual([]);
  await person.close();
});

test('a draft outlasts a reload and a session that ended elsewhere, each for its conversation and its person, and goes when it is sent', async ({ page, browser }, info) => {
  const { origin } = world();
  const person = await browser.newContext({ baseURL: origin, storageState: { cookies: [], origins: [] }, ...screenOf(info) });
  const theirs = await person.newPage();
  const enter = async (token: string) => {
    await theirs.goto(`/sign-in#token=${token}`);
    await theirs.getByRole('button', { name: 'Sign in with this link' }).click();
    await theirs.waitForURL(/\/chat/);
  };
  await enter(await linkOf(page.request, 'Dora Draft', 'support'));
  const me = await (await person.request.get('/api/v1/me')).json();
  await say(theirs, 'Who is Ada?');
  const conversation = new URL(theirs.url()).pathname;
  const box = theirs.getByRole('textbox', { name: 'Message' });
  const files = theirs.locator('form').getByRole('list', { name: 'Attached files' });
  await drop(theirs, 'main form', 'kept.txt');
  await expect(files.getByRole('progressbar')).toHaveCount(0);
  await box.fill('A long thought about engines.');
  await theirs.goto('/chat');
  await expect(box).toHaveValue('');
  await box.fill('Another thought.');
  await theirs.reload();
  await expect(box).toHaveValue('Another thought.');

  // Somebody ends the session while the page is open.
  expect((await page.request.delete(`/api/v1/people/${me.person_id}/sessions`, { headers: { origin } })).ok()).toBe(true);
  await theirs.reload();
  await theirs.waitForURL(/\/sign-in/);
  const link = async () => new URL((await (await page.request.post(`/api/v1/people/${me.person_id}/links`, { headers: { origin } })).json()).sign_in_link).hash.replace('#token=', '');
  await enter(await link());
  await theirs.goto(conversation);
  await expect(box).toHaveValue('A long thought about engines.');
  await expect(files.getByText('kept.txt')).toBeVisible();
  await theirs.getByRole('button', { name: 'Send' }).click();
  await expect(theirs.getByRole('article')).toHaveCount(2);
  await expect(box).toHaveValue('');
  await theirs.reload();
  await expect(theirs.getByRole('article')).toHaveCount(2);
  await expect(box).toHaveValue('');

  // Whoever else comes finds nothing.
  await theirs.goto('/chat');
  await expect(box).toHaveValue('Another thought.');
  await person.clearCookies();
  await enter(await linkOf(page.request, 'Oda Other', 'support'));
  await expect(box).toHaveValue('');
  expect(await theirs.evaluate(() => Object.keys(sessionStorage).filter((name) => name.startsWith('steward.draft.')))).toEqual([]);
  // Nor does anybody after a sign-out.
  await box.fill('Mine alone.');
  await theirs.goto('/settings');
  await theirs.getByRole('button', { name: 'Sign out' }).click();
  await theirs.waitForURL(/\/sign-in/);
  expect(await theirs.evaluate(() => Object.keys(sessionStorage).filter((name) => name.startsWith('steward.draft.')))).toEqual([]);
  await person.close();
});

test('a page on which something is written stays when its session ends, and goes on when its person has signed in again', async ({ page, browser }, info) => {
  const { origin } = world();
  const headers = { origin };
  const person = await browser.newContext({ baseURL: origin, storageState: { cookies: [], origins: [] }, ...screenOf(info) });
  const enter = async (tab: Page, token: string) => {
    await tab.goto(`/sign-in#token=${token}`);
    await tab.getByRole('button', { name: 'Sign in with this link' }).click();
    await tab.waitForURL(/\/chat/);
  };
  const theirs = await person.newPage();
  await enter(theirs, await linkOf(page.request, 'Fay Form'));
  const me = await (await person.request.get('/api/v1/me')).json();
  const comeBack = () => theirs.evaluate(() => dispatchEvent(new Event('visibilitychange')));
  /** The session of somebody ends, and they come back to the page after a while. */
  const end = async (personId: string) => {
    expect((await page.request.delete(`/api/v1/people/${personId}/sessions`, { headers })).ok()).toBe(true);
    await theirs.clock.fastForward(90_000);
    await comeBack();
  };
  await theirs.clock.install();
  await theirs.goto('/contacts?new=1');
  const form = theirs.getByRole('dialog', { name: 'New contact' });
  await form.getByLabel('Name').fill('Nora New');
  await end(me.person_id);
  const out = theirs.getByRole('dialog', { name: 'You are signed out' });
  await expect(out.getByRole('link', { name: 'Sign in in another tab' })).toHaveAttribute('href', '/sign-in');
  expect(new URL(theirs.url()).pathname).toBe('/contacts');
  const made = await page.request.post(`/api/v1/people/${me.person_id}/links`, { headers });
  const tab = await person.newPage();
  await enter(tab, new URL((await made.json()).sign_in_link).hash.replace('#token=', ''));
  await tab.close();
  await comeBack();
  await expect(out).toHaveCount(0);
  await expect(form.getByLabel('Name')).toHaveValue('Nora New');
  await form.getByRole('button', { name: 'Save' }).click();
  await expect(theirs.getByText('Saved', { exact: true })).toBeVisible();

  // Somebody else has nothing of it.
  await theirs.goto('/contacts?new=1');
  await form.getByLabel('Name').fill('Mine alone');
  await end(me.person_id);
  await expect(out).toBeVisible();
  const another = await person.newPage();
  await enter(another, await linkOf(page.request, 'Elsa Else'));
  await another.close();
  await comeBack();
  await expect(out).toHaveCount(0);
  await expect(form.getByLabel('Name')).toHaveValue('');

  // Where nothing is written, the door stands in place of the page.
  await theirs.goto('/contacts');
  await expect(theirs.getByRole('main').getByRole('listitem').first()).toBeVisible();
  // What is looked for in the palette is nothing written.
  await theirs.keyboard.press('Control+k');
  await theirs.getByRole('dialog').getByRole('combobox').fill('Ada');
  await theirs.keyboard.press('Escape');
  await expect(theirs.getByRole('dialog')).toHaveCount(0);
  await end((await (await person.request.get('/api/v1/me')).json()).person_id);
  await expect(theirs).toHaveURL('/sign-in?next=%2Fcontacts');
  await person.close();
});

test('a file dropped beside the box of the chat goes along, and one that misses elsewhere is not opened in place of the page', async ({ page }) => {
  await say(page, 'Who is Ada?');
  await expect(page.getByRole('cell', { name: 'ada@engines.example' })).toBeVisible();
  await drop(page, 'main article', 'beside.txt');
  const files = page.locator('form').getByRole('list', { name: 'Attached files' });
  await expect(files.getByText('beside.txt')).toBeVisible();
  await expect(files.getByRole('listitem')).toHaveCount(1);
  await page.getByRole('button', { name: 'Remove beside.txt' }).click();
  await expect(files).toHaveCount(0);

  /** Whether the browser is kept from doing what it does with what is dropped there. */
  const isKept = (on: string, what: 'file' | 'text') =>
    page.locator(on).first().evaluate((element, kind) => {
      const dataTransfer = new DataTransfer();
      if (kind === 'file') dataTransfer.items.add(new File(['x'], 'x.txt'));
      else dataTransfer.setData('text/plain', 'x');
      return ['dragover', 'drop'].map((type) => !element.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true })));
    }, what);
  await page.goto('/policies?show=try');
  await expect(page.locator('input[type=file]')).toBeAttached();
  expect(await isKept('h1', 'file')).toEqual([true, true]);
  expect(await isKept('textarea', 'text')).toEqual([false, false]);
  // The browser's own field takes them by itself.
  expect(await isKept('input[type=file]', 'file')).toEqual([false, false]);
});
