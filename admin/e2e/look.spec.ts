import type { Browser, BrowserContext, BrowserContextOptions, Page, Request } from '@playwright/test';
import { expect, firstWorkspace, hold, say, test } from './fixtures';
import { dress, isWanted, Looker, LOOKS, wordsOf } from './looks';
import { movesOf, watchMoves, type Moves, type Order } from './moves';
import { chosen, everyPage, openedPages, settled } from './pages';
import { asIfAsked, isFull, makePast, PAST } from './past';
import { appCode } from './totp';
import { STATE, world } from './world';

/** The most that a page may bring along as script, compressed. */
const SCRIPT_BYTES_MAX = 200_000;
/** So long nothing is under way on a page that has all it brings. */
const QUIET_MS = 500;
/** A page that does not come to rest within this is named and fails. */
const QUIET_WITHIN_MS = 30_000;
/** The most by which a page may move while it loads. */
const SHIFT_MAX = 0.05;
/** Nobody's session. */
const NOBODY = { cookies: [], origins: [] };
/** What opens over a page from the keyboard. */
const OVER = { palette: 'Control+k', shortcuts: '?' } as const;
/** What opens over a card from the keyboard: the ways to decide. */
const DECIDING = { approve: 'a', reject: 'r', revise: 'v', edit: 'e' } as const;
const NO_ITEMS = { json: { items: [], next_cursor: null } };
const REFUSED = { status: 403, contentType: 'application/problem+json', json: { status: 403, code: 'denied', detail: 'this is not for you', request_id: 'req_01k0example' } };
/** What lists say when nothing is there, nothing fits, or they cannot be read; the queue stands for all, which share these parts. */
const STATES = {
  holds_empty: ['/holds', NO_ITEMS],
  holds_failed: ['/holds', REFUSED],
  holds_no_match: ['/holds?q=zzzz', null],
  hold_missing: ['/holds/hold_00000000000000000000000001', null],
} as const;

/** An action that was decided, and one that waits. */
async function holds(page: Page): Promise<{ decided: string; waits: string }> {
  await hold(page, 'Lookdecided');
  const first = async () => (await page.getByRole('link', { name: 'Open the whole card' }).getAttribute('href')) ?? '';
  const decided = await first();
  const headers = { origin: new URL(page.url()).origin };
  expect((await page.request.post(`/api/v1${decided}/reject`, { data: { reason: 'We do not know them.' }, headers })).status()).toBe(200);
  await hold(page, 'Lookwaits');
  return { decided, waits: await first() };
}

/** A conversation in which a server of tools asks something, and what takes the question away again. */
async function question(page: Page): Promise<{ path: string; end: () => Promise<void> }> {
  await page.goto('/health');
  const headers = { origin: new URL(page.url()).origin };
  const conversation = await (await page.request.post('/api/v1/conversations', { data: { agent: 'assistant', title: 'Bern', workspace_id: await firstWorkspace(page) }, headers })).json();
  // Said on its page: a server's question is put only to somebody who is there.
  await page.goto(`/chat/${conversation.conversation_id}`);
  const composer = page.locator('form').filter({ has: page.locator('textarea') });
  await composer.locator('textarea').fill('Book a trip to Bern.');
  await composer.locator('button[type=submit]').click();
  const open = async () => (await (await page.request.get('/api/v1/questions')).json()).items;
  await expect.poll(async () => (await open()).length, { timeout: 20_000 }).toBe(1);
  const [asked] = await open();
  const end = async () => {
    await page.request.post(`/api/v1/questions/${asked.question_id}/cancel`, { headers });
  };
  return { path: `/chat/${conversation.conversation_id}`, end };
}

test('every page is readable for everyone, in both themes and both directions', async ({ page }, info) => {
  test.setTimeout(3_000_000);
  if (Object.keys(PAST).some(isWanted)) await makePast(page);
  const { decided, waits } = await holds(page);
  const pages = chosen({ ...(await everyPage(page, 'Looka')), ...(await openedPages(page)), ...PAST, hold_decided: decided });
  const states = chosen({ ...STATES });
  const looker = new Looker(info.project.name);
  const over = async ([theme, language]: (typeof LOOKS)[number], keys: Readonly<Record<string, string>>) => {
    for (const [name, key] of Object.entries(keys)) {
      if (!isWanted(name)) continue;
      await page.keyboard.press(key);
      await expect(page.getByRole('dialog')).toBeVisible();
      await looker.look(page, theme, language, name);
      await page.keyboard.press('Escape');
      await expect(page.getByRole('dialog')).toHaveCount(0);
    }
  };
  for (const outfit of LOOKS) {
    const [theme, language] = outfit;
    await dress(page.context(), theme, language);
    for (const [name, path] of Object.entries(pages)) {
      const lookAtIt = async () => {
        await page.goto(path);
        await settled(page);
        if (name in PAST) await isFull(page);
        await looker.look(page, theme, language, name);
      };
      await (name === 'suggestions' ? asIfAsked(lookAtIt) : lookAtIt());
    }
    for (const [name, [path, answer]] of Object.entries(states)) {
      if (answer !== null) await page.route('**/api/v1/holds?*', (route) => route.fulfill(answer));
      await page.goto(path);
      await settled(page);
      await looker.look(page, theme, language, name);
      await page.unroute('**/api/v1/holds?*');
    }
    await page.goto('/health');
    await settled(page);
    await over(outfit, OVER);
    await page.goto(waits);
    await settled(page);
    await over(outfit, DECIDING);
    if (!isWanted('question')) continue;
    const asked = await question(page);
    await page.goto(asked.path);
    await expect(page.locator('form blockquote')).toBeVisible();
    await looker.look(page, theme, language, 'question');
    await asked.end();
  }
  expect(looker.faults).toEqual([]);
});

/** Lets somebody in under the name of this machine: browsers keep no passkeys for a bare address. */
async function letIn(page: Page, browser: Browser, name: string, role: string): Promise<{ id: string; context: BrowserContext; headers: { origin: string } }> {
  const { origin } = world();
  const made = await page.request.post('/api/v1/people', { data: { email: `${name.toLowerCase()}@example.org`, display_name: name, roles: [{ role }] }, headers: { origin } });
  expect(made.status(), await made.text()).toBe(201);
  const person = await made.json();
  const named = origin.replace('127.0.0.1', 'localhost');
  const context = await browser.newContext({ baseURL: named, storageState: NOBODY });
  const headers = { origin: named };
  const link = new URL(person.sign_in_link).hash.replace('#token=', '');
  expect((await context.request.post('/api/v1/session', { data: { link }, headers })).status()).toBe(201);
  return { id: person.person_id, context, headers };
}

test('signing in, and every dialog about who somebody is, is readable for everyone', async ({ page, browser, baseURL }, info) => {
  test.setTimeout(1_200_000);
  const looker = new Looker(info.project.name);
  const headers = { origin: world().origin };
  const { items } = await (await page.request.get('/api/v1/people?limit=200')).json();
  const sam = items.find((one: { email: string }) => one.email === 'sam@example.org');
  for (const [theme, language] of LOOKS) {
    const words = wordsOf(language);
    const look = (where: Page, name: string) => looker.look(where, theme, language, name);
    const { id, context } = await letIn(page, browser, `Look-${info.project.name}-${theme}-${language}`, 'owner');
    await dress(context, theme, language);
    const theirs = await context.newPage();
    const dialog = theirs.getByRole('dialog');
    const press = (name: string, within: Page | typeof dialog = theirs) => within.getByRole('button', { name, exact: true }).click();
    await theirs.goto('/settings');
    await settled(theirs);
    await press(words('settings.factor.setUp'));
    await expect(dialog.getByRole('img')).toBeVisible();
    await look(theirs, 'totp');
    const secret = (await dialog.locator('code').textContent()) ?? '';
    await dialog.locator('input[name=code]').fill(appCode(secret, -1));
    await press(words('settings.factor.confirm'), dialog);
    await expect(dialog.getByRole('listitem')).toHaveCount(10);
    await look(theirs, 'recovery_codes');
    await press(words('settings.factor.kept'), dialog);
    await press(words('settings.passkeys.add'));
    await expect(dialog.getByRole('textbox')).toBeVisible();
    await look(theirs, 'passkey');
    await theirs.keyboard.press('Escape');
    await press(words('settings.makeToken'));
    await expect(dialog.getByRole('textbox')).toBeVisible();
    await look(theirs, 'token');
    await dialog.getByRole('textbox').fill('Night job');
    await dialog.getByRole('checkbox').first().check();
    await press(words('settings.make'), dialog);
    await expect(dialog.getByRole('form', { name: words('factor.stepUp') })).toBeVisible();
    await dialog.locator('input[name=code]').fill(appCode(secret, 0));
    await press(words('factor.give'), dialog);
    await expect(dialog.locator('code')).toBeVisible();
    await look(theirs, 'token_made');
    await press(words('settings.done'), dialog);
    // Letting somebody in is a grave act: whoever has a second factor gives it anew.
    await theirs.goto(`/people?open=${sam.person_id}`);
    await settled(theirs);
    await press(words('people.makeLink'), dialog);
    await expect(dialog.getByRole('form', { name: words('factor.stepUp') })).toBeVisible();
    await look(theirs, 'step_up');

    const link = new URL((await (await page.request.post(`/api/v1/people/${id}/links`, { headers })).json()).sign_in_link).hash;
    const outside = await browser.newContext({ baseURL, storageState: NOBODY });
    await dress(outside, theme, language);
    const door = await outside.newPage();
    await door.goto('/sign-in');
    await settled(door);
    await look(door, 'sign_in');
    await door.goto(`/sign-in${link}`);
    const come = door.getByRole('button', { name: words('signIn.useLink') });
    await expect(come).toBeVisible();
    await look(door, 'sign_in_link');
    await come.click();
    await expect(door.locator('input[name=code]')).toBeVisible();
    await look(door, 'sign_in_code');
    await outside.close();
    await context.close();
    // Nobody is left behind who could decide.
    expect((await page.request.delete(`/api/v1/people/${id}`, { headers })).status()).toBe(204);
  }
  expect(looker.faults).toEqual([]);
});

test('every dialog about money, about several actions, and of what stays open is readable for everyone', async ({ page, browser }, info) => {
  test.setTimeout(1_200_000);
  const looker = new Looker(info.project.name);
  const headers = { origin: world().origin };
  await hold(page, 'Lookmany');
  const card = (await page.getByRole('link', { name: 'Open the whole card' }).getAttribute('href')) ?? '';
  const handbook = (await (await page.request.get('/api/v1/documents')).json()).items.find((one: { name: string }) => one.name === 'handbook.md');
  await say(page, `When do they have to pay? It stands in ${handbook.document_id}.`);
  const sources = page.getByRole('list').getByRole('button', { name: /handbook\.md/ });
  await expect(sources.first()).toBeVisible();
  const answered = new URL(page.url()).pathname;
  // A run that waits: no budget leaves its person any room.
  const manager = await letIn(page, browser, `Night-${info.project.name}`, 'manager');
  const limit = await page.request.put('/api/v1/budgets', { data: { scope: 'person', scope_id: manager.id, period: 'total', cap_micros: 0 }, headers });
  expect(limit.status(), await limit.text()).toBe(200);
  const conversation = await (await manager.context.request.post('/api/v1/conversations', { data: { agent: 'assistant', title: 'Night', workspace_id: await firstWorkspace(page) }, headers: manager.headers })).json();
  await manager.context.request.post(`/api/v1/conversations/${conversation.conversation_id}/messages`, { data: { text: 'Who is Ada at night?' }, headers: manager.headers });
  const waits = async () => (await (await page.request.get('/api/v1/budgets/holds?state=held')).json()).items.filter((one: { person_id: string }) => one.person_id === manager.id);
  await expect.poll(async () => (await waits()).length, { timeout: 20_000 }).toBe(1);
  for (const [theme, language] of LOOKS) {
    const words = wordsOf(language);
    const over = async (where: Page, name: string) => {
      await expect(where.getByRole('dialog')).toBeVisible();
      await looker.look(where, theme, language, name);
      await where.keyboard.press('Escape');
      await expect(where.getByRole('dialog')).toHaveCount(0);
    };
    const press = (where: Page, name: string) => where.getByRole('button', { name, exact: true }).first().click();
    await dress(page.context(), theme, language);
    await page.goto('/budgets');
    await settled(page);
    await press(page, words('waits.allow'));
    await over(page, 'wait_allow');
    await press(page, words('waits.refuse'));
    await over(page, 'wait_refuse');
    await page.goto('/holds');
    await settled(page);
    await press(page, words('hold.chooseMany'));
    await page.locator('main li').getByRole('checkbox').first().check();
    await press(page, words('hold.rejectMany', { count: 1 }));
    await over(page, 'reject_many');
    await page.goto(card);
    await settled(page);
    await press(page, words('hold.allowSuch'));
    await over(page, 'allow_such');
    await page.goto(answered);
    await settled(page);
    await sources.first().click();
    await over(page, 'source');
    await page.goto('/holds?effect=write');
    await settled(page);
    await press(page, words('views.save'));
    await expect(page.getByRole('dialog')).toBeVisible();
    await looker.look(page, theme, language, 'save_view');
    await page.getByRole('dialog').getByRole('textbox').fill('Records');
    await press(page, words('views.keep'));
    await expect(page.getByRole('button', { name: 'Records', exact: true })).toBeVisible();
    await looker.look(page, theme, language, 'saved_views');
    await press(page, words('views.drop', { name: 'Records' }));

    await dress(manager.context, theme, language);
    const theirs = await manager.context.newPage();
    await theirs.goto('/budgets');
    await settled(theirs);
    await press(theirs, words('waits.break'));
    await over(theirs, 'break_glass');
    await theirs.close();
  }
  expect(looker.faults).toEqual([]);
  for (const one of await waits()) await page.request.post(`/api/v1/budgets/holds/${one.budget_hold_id}/refuse`, { data: { reason: 'It was looked at.' }, headers });
  await manager.context.close();
});

/** Pages that ask for a workspace where there are several. */
const CHOOSES = ['chat', 'contact_form', 'company_form', 'deal_form', 'import', 'documents_found', 'documents_put', 'schedule_new', 'grant_form'] as const;

/** Has a browser see another workspace beside those that there are. */
async function twoWorkspaces(context: BrowserContext): Promise<void> {
  await context.route('**/api/v1/workspaces*', async (route) => {
    const response = await route.fetch();
    const { items, ...rest } = await response.json();
    await route.fulfill({ response, json: { ...rest, items: [...items, { ...items[0], workspace_id: 'ws_00000000000000000000000002', name: 'Second' }] } });
  });
}

/** What moves on each page while it loads, with answers in this order. */
async function watched(browser: Browser, options: BrowserContextOptions, order: Order, pages: Record<string, string>, prepare?: (context: BrowserContext) => Promise<void>): Promise<Record<string, Moves>> {
  const context = await browser.newContext(options);
  await prepare?.(context);
  await watchMoves(context, order);
  const found: Record<string, Moves> = {};
  for (const [name, path] of Object.entries(pages)) {
    const page = await context.newPage();
    found[name] = await movesOf(page, path);
    await page.close();
  }
  await context.close();
  return found;
}

test('pages stand still while they load', async ({ page, browser, baseURL }, info) => {
  test.setTimeout(1_200_000);
  // A page that is empty has nothing that could move.
  if (Object.keys(PAST).some(isWanted)) await makePast(page);
  const pages = chosen({ ...(await everyPage(page, 'Steadya')), ...(await openedPages(page)) });
  const door = chosen({ sign_in: '/sign-in', sign_in_link: '/sign-in#token=x' });
  const { viewport, isMobile, hasTouch, userAgent, deviceScaleFactor, serviceWorkers } = info.project.use;
  const options = { baseURL, viewport, isMobile, hasTouch, userAgent, deviceScaleFactor, serviceWorkers };
  const faults: string[] = [];
  const several = Object.fromEntries(Object.entries(pages).filter(([name]) => CHOOSES.some((one) => one === name)).map(([name, path]) => [`${name}_of_several`, path]));
  for (const order of ['first', 'last'] as const) {
    const found = { ...(await watched(browser, { ...options, storageState: STATE }, order, pages)), ...(await watched(browser, { ...options, storageState: STATE }, order, several, twoWorkspaces)), ...(await watched(browser, { ...options, storageState: NOBODY }, order, door)) };
    process.stdout.write(`  layout shift by page, ${order} answer first: ${JSON.stringify(Object.fromEntries(Object.entries(found).map(([name, { sum }]) => [name, Math.round(sum * 10_000) / 10_000])))}\n`);
    for (const [name, { sum, shifts }] of Object.entries(found)) if (!(sum < SHIFT_MAX)) faults.push(`${order} ${name} ${sum.toFixed(4)}\n${shifts.join('\n')}`);
  }
  expect(faults).toEqual([]);
});

/** Waits, from when it is called, until nothing was under way for a while. Playwright's own idle network never comes on a page that follows a run. */
function untilQuiet(page: Page): () => Promise<void> {
  const open = new Set<Request>();
  page.on('request', (request) => {
    if (!/\/events(\?|$)/.test(request.url())) open.add(request);
  });
  page.on('requestfinished', (request) => open.delete(request));
  page.on('requestfailed', (request) => open.delete(request));
  return async () => {
    let from = Date.now();
    const quiet = () => {
      if (open.size > 0) from = Date.now();
      return Date.now() - from;
    };
    await expect.poll(quiet, { intervals: [QUIET_MS / 10], timeout: QUIET_WITHIN_MS, message: `${page.url()} comes to rest` }).toBeGreaterThanOrEqual(QUIET_MS);
  };
}

test('no page brings more script than it may', { tag: '@once' }, async ({ browser, baseURL, page }) => {
  test.setTimeout(600_000);
  const sizes: Record<string, number> = {};
  const every = { ...(await everyPage(page, 'Sizea')), ...(await openedPages(page)), sign_in: '/sign-in' };
  // All that a conversation brings late: what formats an answer, and a card that waits.
  await say(page, 'Who is Ada?');
  await expect(page.getByRole('cell', { name: 'ada@engines.example' })).toBeVisible();
  await page.getByRole('textbox', { name: 'Message' }).fill('Do what the note on Ada asks, for somebody named Sizeb.');
  await page.getByRole('button', { name: 'Send' }).click();
  await expect(page.getByRole('group', { name: /Held action crm.create_contact/ })).toBeVisible();
  const pages = chosen({ ...every, conversation_whole: new URL(page.url()).pathname });
  // The longest words, compressed, are those of Arabic.
  for (const [name, path] of Object.entries(pages)) {
    const context = await browser.newContext({ baseURL, storageState: name === 'sign_in' ? NOBODY : STATE, locale: 'ar-EG', serviceWorkers: 'block' });
    const own = await context.newPage();
    const waits: Promise<number>[] = [];
    const quiet = untilQuiet(own);
    own.on('requestfinished', (request) => {
      if (request.resourceType() === 'script') waits.push(request.sizes().then((size) => size.responseBodySize));
    });
    await own.goto(path);
    await settled(own);
    // What opens over a page comes after it, and so does what a page asks for late.
    await quiet();
    sizes[name] = (await Promise.all(waits)).reduce((sum, bytes) => sum + bytes, 0);
    await context.close();
  }
  process.stdout.write(`  script bytes by page: ${JSON.stringify(sizes)}\n`);
  for (const [path, bytes] of Object.entries(sizes)) expect(bytes, path).toBeLessThanOrEqual(SCRIPT_BYTES_MAX);
});
