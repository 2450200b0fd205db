import { readFileSync } from 'node:fs';
import { expect, say, test } from './fixtures';
import { wordsOf } from './looks';
import { world } from './world';

const CHECKPOINTS = 301;
const ROWS_SHOWN_MAX = 80;

/** What a log was found to be. */
function verification(found: { whole: boolean; problems: string[] }) {
  return {
    ...found,
    entries: 120,
    signed: 118,
    waiting: 2,
    more: 0,
    checked_at: new Date().toISOString(),
    checkpoint: { tree_size: 118, root: 'cm9vdA==', note: 'steward.example/audit\n118\ncm9vdA==\n', signed_at: new Date().toISOString() },
  };
}

test('checkpoints say how long the log was, and their signed notes are copied', async ({ page }, info) => {
  await say(page, 'Who is Ada for the checkpoint?');
  await expect(page.getByRole('cell', { name: 'ada@engines.example' })).toBeVisible();
  // The log is signed within seconds.
  await expect.poll(async () => (await (await page.request.get('/api/v1/audit/checkpoints')).json()).items.length, { timeout: 20_000 }).toBeGreaterThan(0);
  const { items } = await (await page.request.get('/api/v1/audit/checkpoints?order=newest&limit=1')).json();
  await page.goto('/audit');
  await page.getByRole('button', { name: 'Checkpoints' }).click();
  await expect(page).toHaveURL('/audit?show=checkpoints');
  await expect(page.getByText('steward audit verify --checkpoint', { exact: true })).toBeVisible();
  const [newest] = items;
  const card = page.getByRole('listitem').filter({ hasText: newest.root });
  await expect(card).toContainText(new RegExp(`^${new Intl.NumberFormat('en').format(newest.tree_size)} (entry|entries)`));
  if (info.project.name !== 'desktop') return;
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await card.getByRole('button', { name: 'Copy the signed note' }).click();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(newest.note);
});

test('of a long log the newest checkpoint is on top, older ones follow, and few of them are there at a time', async ({ page }) => {
  const rootOf = (nth: number) => String(nth).padStart(64, '0');
  const all = Array.from({ length: CHECKPOINTS }, (_, nth) => ({ tree_size: nth + 1, root: rootOf(nth + 1), note: 'x', signed_at: new Date(Date.UTC(2026, 0, 1, 0, nth)).toISOString() }));
  await page.route('**/api/v1/audit/checkpoints?*', (route) => {
    const asked = new URL(route.request().url()).searchParams;
    const ordered = asked.get('order') === 'newest' ? [...all].reverse() : all;
    const from = Number(asked.get('cursor') ?? '0');
    const to = from + Number(asked.get('limit'));
    return route.fulfill({ json: { items: ordered.slice(from, to), next_cursor: to < all.length ? String(to) : null } });
  });
  await page.goto('/audit?show=checkpoints');
  const cards = page.getByRole('list', { name: 'Checkpoints' }).getByRole('listitem');
  await expect(cards.first()).toContainText(rootOf(CHECKPOINTS));
  let most = 0;
  await expect
    .poll(
      async () => {
        most = Math.max(most, await cards.count());
        await page.evaluate(() => document.querySelector('main [data-scrolls]')?.scrollBy(0, 2_000));
        return cards.filter({ hasText: rootOf(1) }).isVisible();
      },
      { intervals: [50] },
    )
    .toBe(true);
  expect(most).toBeLessThan(ROWS_SHOWN_MAX);
  await expect(cards.last()).toContainText(rootOf(1));
  await expect(cards.last()).toHaveAttribute('aria-setsize', String(CHECKPOINTS));
  // Nothing of a row is cut off below.
  expect(await cards.evaluateAll((rows) => rows.filter((row) => row.scrollHeight > row.clientHeight + 1).length)).toBe(0);
});

test('the log leaves as a file: all of it, what was done, or one run alone', async ({ page }) => {
  await say(page, 'Who is Ada for the export?');
  await page.getByRole('link', { name: 'Open the run' }).click();
  await page.waitForURL(/\/runs\/run_/);
  const run = page.url().split('/').pop() ?? '';
  const take = async (): Promise<{ audit_id: string; action: string; object: string; leaf: string; canon: string }[]> => {
    const [arrives, asked] = [page.waitForEvent('download'), page.waitForRequest((request) => request.url().includes('/api/v1/audit/export'))];
    await page.getByRole('button', { name: 'Export as JSONL' }).click();
    const download = await arrives;
    // As a file, like every other list.
    expect((await asked).headers()['accept']).toBe('application/jsonl');
    expect(download.suggestedFilename()).toBe('audit.jsonl');
    return readFileSync(await download.path(), 'utf8').trim().split('\n').map((line) => JSON.parse(line));
  };
  await page.goto('/audit');
  const all = await take();
  expect(all.length).toBeGreaterThan(10);
  // The exact bytes and their hash are what a stranger checks.
  expect(all.every((entry) => entry.canon.length > 0 && entry.leaf.length > 0)).toBe(true);
  await page.goto('/audit?action=run.start');
  await expect(page.getByRole('list', { name: 'Entries of the log' }).getByRole('button').first()).toContainText('run.start');
  const starts = await take();
  expect(new Set(starts.map((entry) => entry.action))).toEqual(new Set(['run.start']));
  await page.goto(`/audit?run=${run}`);
  await expect(page.getByRole('list', { name: 'Entries of the log' }).getByRole('button').last()).toContainText('run.start');
  const own = await take();
  const { items } = await (await page.request.get(`/api/v1/audit?run=${run}&limit=200`)).json();
  expect(own.map((entry) => entry.audit_id)).toEqual(items.map((entry: { audit_id: string }) => entry.audit_id));
  expect(own.length).toBeLessThan(all.length);
});

test('what the field for an action takes is read whole in each language', async ({ page }) => {
  await page.goto('/audit');
  for (const locale of ['en', 'es', 'ar', 'ne'] as const) {
    await page.evaluate((chosen) => localStorage.setItem('steward.locale', chosen), locale);
    await page.reload();
    const field = page.getByRole('searchbox', { name: wordsOf(locale)('audit.action') });
    await expect(field).toBeVisible();
    const room = await field.evaluate((box) => {
      const style = getComputedStyle(box);
      const pen = document.createElement('canvas').getContext('2d');
      if (pen === null) throw new Error('there is nothing to measure with');
      pen.font = `${style.fontSize} ${style.fontFamily}`;
      return box.clientWidth - parseFloat(style.paddingInlineStart) - parseFloat(style.paddingInlineEnd) - pen.measureText(box.getAttribute('placeholder') ?? '').width;
    });
    expect(room, locale).toBeGreaterThan(0);
  }
});

test('the log is filtered by the beginning of an action, by who did it and by day, and leaves so', async ({ page }) => {
  const { items } = await (await page.request.get('/api/v1/audit?action=contact.*&order=newest&limit=1')).json();
  const [entry] = items;
  const me = await (await page.request.get('/api/v1/me')).json();
  await page.goto('/audit');
  const list = page.getByRole('list', { name: 'Entries of the log' });
  const actions = async () => new Set(await list.getByRole('button').locator(':scope > span:first-child').allTextContents());
  await page.getByRole('searchbox', { name: /^Action begins with/ }).fill('contac');
  await expect(page).toHaveURL('/audit?action=contac');
  await expect.poll(async () => [...(await actions())].every((action) => action.startsWith('contact.'))).toBe(true);
  expect((await actions()).size).toBeGreaterThan(0);
  // Today is the first day and the last one at once.
  const day = await page.evaluate((at) => new Date(at).toLocaleDateString('sv'), entry.at);
  await page.getByLabel('From this day').fill(day);
  await page.getByLabel(/this day$/).last().fill(day);
  await page.getByLabel('By', { exact: true }).selectOption(me.person_id);
  await expect(page).toHaveURL(`/audit?action=contac&from=${day}&to=${day}&person=${me.person_id}`);
  await expect(list.getByRole('button').first()).toContainText('contact.');
  const arrives = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Export as JSONL' }).click();
  const lines: { action: string; actor: { person_id: string } }[] = readFileSync(await (await arrives).path(), 'utf8').trim().split('\n').map((line) => JSON.parse(line));
  expect(lines.every((line) => line.action.startsWith('contact.') && line.actor.person_id === me.person_id)).toBe(true);
  await page.getByLabel('From this day').fill('2100-01-01');
  await page.getByRole('button', { name: 'Clear filters' }).click();
  await expect(page).toHaveURL('/audit');
});

test('a link opens an entry that is far down in the log, and one that is not there says so', async ({ page }) => {
  const { items } = await (await page.request.get('/api/v1/audit?limit=1')).json();
  const [oldest] = items;
  // As if the log were so long that the oldest entry is on a page of its own.
  await page.route('**/api/v1/audit?*', async (route) => {
    const response = await route.fetch();
    const body = await response.json();
    await route.fulfill({ response, json: { items: body.items.filter((one: { audit_id: string }) => one.audit_id !== oldest.audit_id), next_cursor: null } });
  });
  await page.goto(`/audit?open=${oldest.audit_id}`);
  const dialog = page.getByRole('dialog', { name: 'Entry' });
  await expect(dialog).toContainText(oldest.action);
  await expect(dialog).toContainText(oldest.leaf);
  await page.keyboard.press('Escape');
  await expect(page).toHaveURL('/audit');
  await page.goto('/audit?open=audit_00000000000000000000000001');
  await expect(dialog.getByRole('alert')).toContainText('nothing you may know of');
});

test('whether the log is as it was signed is said in a word, checked again on demand, and checked by anybody without this server', async ({ page }) => {
  let asked = 0;
  page.on('request', (request) => {
    if (request.url().endsWith('/api/v1/audit/verification')) asked += 1;
  });
  await page.goto('/audit?show=verification');
  const found = page.getByRole('region', { name: 'What this server finds' });
  await expect(found.getByText('as it was signed', { exact: true })).toBeVisible();
  await expect(found.getByText(/^\d[\d,]* entries, \d[\d,]* of them signed\.$/)).toBeVisible();
  await expect(found.getByRole('button', { name: 'Copy the signed note' })).toBeVisible();
  await expect(page.getByText('steward audit verify audit --key audit-key.txt', { exact: true })).toBeVisible();
  const before = asked;
  await found.getByRole('button', { name: 'Check again' }).click();
  await expect.poll(() => asked).toBe(before + 1);
});

test('a log that is not as it was signed says what is wrong', async ({ page }) => {
  // Nobody breaks the log that the other tests write to: the server's own tests do.
  await page.route('**/api/v1/audit/verification', (route) => route.fulfill({ json: verification({ whole: false, problems: ['entry 7 was changed: its bytes are not those that were signed', 'entry 9 was removed'] }) }));
  await page.goto('/audit?show=verification');
  const found = page.getByRole('region', { name: 'What this server finds' });
  await expect(found.getByText('not as it was signed', { exact: true })).toBeVisible();
  await expect(found.getByRole('list', { name: 'What is wrong' }).getByRole('listitem')).toHaveText([/^entry 7 was changed/, 'entry 9 was removed']);
  await page.route('**/api/v1/audit/verification', (route) => route.fulfill({ status: 503, contentType: 'application/problem+json', json: { status: 503, code: 'away', detail: 'x', request_id: 'req_verify' } }));
  await found.getByRole('button', { name: 'Check again' }).click();
  // A check that failed leaves no verdict of before standing.
  await expect(page.locator('main').getByRole('alert').getByText('req_verify')).toBeVisible({ timeout: 15_000 });
  await expect(found).toHaveCount(0);
});

test('whoever may not read the log finds no page of it', async ({ page, browser }) => {
  const { origin } = world();
  const made = await page.request.post('/api/v1/people', { data: { email: `audit-${Date.now().toString(36)}@example.org`, display_name: 'Sue Support', roles: [{ role: 'support' }] }, headers: { origin } });
  const context = await browser.newContext({ baseURL: origin, storageState: { cookies: [], origins: [] }, serviceWorkers: 'block', locale: 'en-US' });
  const link = new URL((await made.json()).sign_in_link).hash.replace('#token=', '');
  expect((await context.request.post('/api/v1/session', { data: { link }, headers: { origin } })).ok()).toBe(true);
  const their = await context.newPage();
  expect((await their.goto('/audit?show=verification'))?.status()).toBe(404);
  await expect(their.getByRole('heading', { name: 'There is nothing here' })).toBeVisible();
  await context.close();
});
