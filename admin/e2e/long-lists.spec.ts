/** Lists that grow with an organisation keep only the rows near what is seen. */
import type { Locator, Page } from '@playwright/test';
import { expect, test } from './fixtures';

const ALL = 450;
const ROWS_SHOWN_MAX = 80;

/** Answers a list of so many, a page at a time. */
async function many(page: Page, pattern: string | RegExp, of: (nth: number) => object): Promise<void> {
  await page.route(pattern, (route) => {
    const asked = new URL(route.request().url()).searchParams;
    const [from, limit] = [Number(asked.get('cursor') ?? '0'), Number(asked.get('limit') ?? '200')];
    const items = Array.from({ length: Math.min(limit, ALL - from) }, (_, at) => of(from + at + 1));
    return route.fulfill({ json: { items, next_cursor: from + limit < ALL ? String(from + limit) : null } });
  });
}

/** Asks for the page that begins after so many, and waits until it is here. */
async function showMore(page: Page, button: Locator, from: number): Promise<void> {
  const answered = page.waitForResponse((response) => new URL(response.url()).searchParams.get('cursor') === String(from));
  await button.click();
  await answered;
  await expect(button.and(page.locator('[aria-busy]'))).toHaveCount(0);
}

const AT = '2026-01-01T00:00:00Z';
const id = (nth: number) => String(nth).padStart(26, '0');
const documentOf = (nth: number) => ({ document_id: `doc_${id(nth)}`, workspace_id: 'ws_1', person_id: `person_${id(nth)}`, name: `Item ${nth}.`, media_type: 'text/markdown', bytes: 10, sha256: 'x', characters: 10, chunks: 1, for: 'workspace', created_at: AT });
/** A run that waits for room in a budget. */
const waitOf = (nth: number) => ({ budget_hold_id: `bhold_${id(nth)}`, state: 'held', run_id: `run_${id(nth)}`, workspace_id: 'ws_1', person_id: `person_${id(nth)}`, agent: 'assistant', step: 1, need_micros: 10, cost_micros: 0, why: 'x', limit: 'budget', broke_glass: false, held_at: AT, expires_at: AT });

for (const { name, path, api, role, of } of [
  {
    name: 'Documents',
    path: '/documents',
    api: '**/api/v1/documents?*',
    role: 'link',
    of: documentOf,
  },
  {
    name: 'People',
    path: '/people',
    api: '**/api/v1/people?limit=200*',
    role: 'button',
    of: (nth: number) => ({ person_id: `person_${id(nth)}`, email: `item${nth}@example.org`, display_name: `Item ${nth}.`, roles: [{ role: 'support' }], has_password: false, created_at: AT }),
  },
] as const) {
  test.describe(name, () => {
    test('a list of hundreds keeps few rows, to the last of them', async ({ page }) => {
      await many(page, api, of);
      await page.goto(path);
      const list = page.getByRole('list', { name });
      await expect(list.getByRole(role, { name: /^Item 1\./ })).toBeVisible();
      const last = list.getByRole(role, { name: new RegExp(`^Item ${ALL}\\.`) });
      let most = 0;
      await expect
        .poll(
          async () => {
            most = Math.max(most, await list.getByRole('listitem').count());
            await page.evaluate(() => document.querySelector('main [data-scrolls]')?.scrollBy(0, 2_000));
            return last.isVisible();
          },
          { intervals: [50] },
        )
        .toBe(true);
      expect(most).toBeLessThan(ROWS_SHOWN_MAX);
      await expect(list.getByRole('listitem').last()).toHaveAttribute('aria-posinset', String(ALL));
      await expect(list.getByRole('listitem').last()).toHaveAttribute('aria-setsize', String(ALL));
      // Nothing of a row is cut off below.
      const cut = await list.getByRole('listitem').evaluateAll((rows) => rows.filter((row) => row.scrollHeight > row.clientHeight + 1).length);
      expect(cut).toBe(0);
    });

    test('letters twice as large and further apart are read whole in each row', async ({ page }) => {
      await page.addInitScript(() => {
        const sheet = new CSSStyleSheet();
        sheet.replaceSync('html { font-size: 200% } * { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important }');
        document.adoptedStyleSheets = [sheet];
      });
      await many(page, api, of);
      await page.goto(path);
      const list = page.getByRole('list', { name });
      const cut = () => list.getByRole('listitem').evaluateAll((rows) => rows.filter((row) => row.scrollHeight > row.clientHeight + 1).length);
      await expect(list.getByRole(role, { name: /^Item 1\./ })).toBeVisible();
      await expect.poll(cut).toBe(0);
      // Where they are taller, what is looked at is found by that.
      await page.evaluate(() => document.querySelector('main [data-scrolls]')?.scrollBy(0, 5_000));
      await expect.poll(() => list.getByRole('listitem').evaluateAll((rows) => rows.some((row) => row.getBoundingClientRect().top < innerHeight / 2 && row.getBoundingClientRect().bottom > innerHeight / 2))).toBe(true);
      await expect.poll(cut).toBe(0);
    });
  });
}

/** Says one line to several. */
const wordsOf = (nth: number) => `Item ${nth}. ${'There is more to say of it than fits into a line. '.repeat((nth % 4) * 3)}`;
const changeOf = (nth: number) => ({
  governance_change_id: `change_${id(nth)}`,
  kind: 'tool',
  subject: `server${nth}`,
  state: 'proposed',
  is_stale: false,
  content_digest: 'x',
  base_digest: 'x',
  sound: true,
  proposed_by: `person_${id(nth)}`,
  proposed_at: AT,
});
const namesOf = (nth: number) => ({ person_id: `person_${id(nth)}`, email: `item${nth}@example.org`, display_name: `Item ${nth}.`, roles: [], has_password: false, has_signed_in: true, created_at: AT });

interface Cards {
  name: string;
  path: string;
  api: string | RegExp;
  of: (nth: number) => object;
  list: (page: Page) => Locator;
  /** The rest is asked for by a button. */
  isOnDemand?: boolean;
}

const CARDS: readonly Cards[] = [
  { name: 'proposed changes', path: '/changes', api: '**/api/v1/changes?*', of: (nth) => ({ ...changeOf(nth), reason: wordsOf(nth) }), list: (page) => page.getByRole('list', { name: 'Proposed changes', exact: true }) },
  {
    name: 'schedules',
    path: '/schedules',
    api: '**/api/v1/schedules?*',
    of: (nth) => ({
      schedule_id: `sched_${id(nth)}`,
      workspace_id: 'ws_1',
      agent: 'assistant',
      text: wordsOf(nth),
      time_zone: 'UTC',
      own_words: true,
      integrity: 'owner',
      is_private: false,
      created_at: AT,
      cron: '0 9 * * 1',
      next_at: AT,
      ...(nth % 3 === 0 ? { paused_at: AT, paused_why: 'x' } : {}),
    }),
    list: (page) => page.getByRole('list', { name: 'Schedules', exact: true }),
  },
  {
    name: 'standing grants',
    path: '/grants',
    api: '**/api/v1/grants?*',
    of: (nth) => ({
      grant_id: `grant_${id(nth)}`,
      workspace_id: 'ws_1',
      agent: `Item ${nth}.`,
      tool: 'crm.add_note',
      effect: 'write',
      ranges: nth % 2 === 0 ? { '/text': 'any' } : { '/text': 'any', '/name': { letters_max: 100 }, '/contact_id': { one_of: ['contact_1', 'contact_2'] } },
      uses_max: 5,
      uses: 0,
      given_by: `person_${id(nth)}`,
      roles: ['owner'],
      given_at: AT,
      expires_at: '2099-01-01T00:00:00Z',
      rule: 'x',
    }),
    list: (page) => page.getByRole('list', { name: 'Standing grants', exact: true }),
    isOnDemand: true,
  },
  { name: 'workspaces', path: '/people?show=workspaces', api: '**/api/v1/workspaces?*', of: (nth) => ({ workspace_id: `ws_${id(nth)}`, name: `Item ${nth}.`, created_at: AT }), list: (page) => page.getByRole('list', { name: 'Workspaces', exact: true }) },
  {
    name: 'tools of one server',
    path: '/tools',
    api: /\/api\/v1\/tools(\?|$)/,
    of: (nth) => ({
      name: `many.item${nth}`,
      plugin: 'many@mcp',
      description: wordsOf(nth),
      effect: 'read',
      reversible: true,
      idempotent: true,
      arguments: {},
      result: {},
      roles: {},
      result_labels: {},
      anchors: [],
      facts: [],
      timeout_ms: 1_000,
      plugin_digest: '0'.repeat(64),
      schema_digest: '0'.repeat(64),
    }),
    list: (page) => page.getByRole('region', { name: 'many@mcp' }).getByRole('list'),
  },
  {
    name: 'budgets of people',
    path: '/budgets',
    api: /\/api\/v1\/budgets(\?|$)/,
    of: (nth) => ({ budget_id: `budget_${id(nth)}`, scope: 'person', scope_id: `person_${id(nth)}`, period: 'day', cap_micros: nth % 2 === 0 ? 1_000_000 : 0, spent_micros: 0, reserved_micros: 0, window_start: AT }),
    list: (page) => page.locator('main').getByRole('list', { name: 'People', exact: true }),
  },
];

for (const { name, path, api, of, list, isOnDemand = false } of CARDS) {
  test.describe(name, () => {
    test('a list of hundreds of cards, each as tall as what it says, keeps few of them, to the last and back to the first', async ({ page }) => {
      test.setTimeout(120_000);
      await many(page, api, of);
      await many(page, '**/api/v1/people?limit=200*', namesOf);
      await page.goto(path);
      const rows = list(page).locator(':scope > li');
      const item = (nth: number) => rows.filter({ hasText: `Item ${nth}.` });
      const scrollBy = (px: number) => page.evaluate((by) => document.querySelector('main [data-scrolls]')?.scrollBy(0, by), px);
      await expect(item(1).first()).toBeVisible();
      if (isOnDemand) {
        const more = page.locator('main').getByRole('button', { name: 'Show more' });
        for (const from of [100, 200, 300, 400]) {
          await showMore(page, more, from);
          // What is here is not taken for all there is.
          await expect(rows.first()).toHaveAttribute('aria-setsize', from < 400 ? '-1' : String(ALL));
        }
        await expect(rows.first()).toHaveAttribute('aria-setsize', String(ALL));
        await scrollBy(-1_000_000);
        await expect(item(1).first()).toBeInViewport();
      }
      let most = 0;
      await expect
        .poll(
          async () => {
            most = Math.max(most, await rows.count());
            await scrollBy(1_500);
            return item(ALL).isVisible();
          },
          { intervals: [50], timeout: 90_000 },
        )
        .toBe(true);
      expect(most).toBeLessThan(ROWS_SHOWN_MAX);
      await scrollBy(1_000_000);
      await expect(item(ALL)).toBeInViewport();
      await expect(rows.last()).toHaveAttribute('aria-posinset', String(ALL));
      await expect(rows.last()).toHaveAttribute('aria-setsize', String(ALL));
      await scrollBy(-1_000_000);
      await expect(item(1).first()).toBeInViewport();
      await expect(rows.first()).toHaveAttribute('aria-posinset', '1');
      expect(await rows.count()).toBeLessThan(ROWS_SHOWN_MAX);
    });
  });
}

test('a card that turns out taller than was thought moves nothing of what is read', async ({ page }) => {
  await many(page, '**/api/v1/grants?*', CARDS.find((one) => one.name === 'standing grants')?.of ?? changeOf);
  await page.goto('/grants');
  const rows = page.getByRole('list', { name: 'Standing grants', exact: true }).locator(':scope > li');
  await expect(rows.first()).toHaveAttribute('aria-setsize', '-1');
  const scrollBy = (px: number) => page.evaluate((by) => document.querySelector('main [data-scrolls]')?.scrollBy(0, by), px);
  // Far down at once, past cards that were never there, and a little up again.
  await scrollBy(15_000);
  await expect(rows.first()).not.toHaveAttribute('aria-posinset', '1');
  const nth = (await rows.nth(10).getAttribute('aria-posinset')) ?? '';
  const card = page.locator(`main li[aria-posinset="${nth}"]`);
  await card.evaluate((one) => one.scrollIntoView({ block: 'start' }));
  const topPx = async () => (await card.boundingBox())?.y ?? Number.NaN;
  await expect(card).toBeInViewport();
  const before = await topPx();
  await scrollBy(-400);
  await expect(rows.first()).not.toHaveAttribute('aria-posinset', '1');
  await expect.poll(async () => Math.abs((await topPx()) - before - 400) < 2).toBe(true);
});

test('a later page that fails says so at the end of the list, and is asked for again when told to', async ({ page }) => {
  await many(page, '**/api/v1/documents?*', documentOf);
  let isAway = true;
  const asked: string[] = [];
  await page.route('**/api/v1/documents?*', (route) => {
    const cursor = new URL(route.request().url()).searchParams.get('cursor');
    if (cursor === null) return route.fallback();
    asked.push(cursor);
    return isAway ? route.fulfill({ status: 503, contentType: 'application/problem+json', json: { status: 503, code: 'away', detail: 'x', request_id: 'req_rest' } }) : route.fallback();
  });
  await page.goto('/documents');
  const list = page.getByRole('list', { name: 'Documents' });
  await expect(list.getByRole('link', { name: /^Item 1\./ })).toBeVisible();
  const scrollBy = (px: number) => page.evaluate((by) => document.querySelector('main [data-scrolls]')?.scrollBy(0, by), px);
  const row = page.locator('main').getByRole('alert').filter({ hasText: 'The rest of this list could not be read.' });
  await expect
    .poll(async () => {
      await scrollBy(100_000);
      return row.isVisible();
    })
    .toBe(true);
  await scrollBy(100_000);
  await expect(row).toBeInViewport();
  await expect(row).toContainText('Something the server depends on does not answer.');
  await expect(row).toContainText('req_rest');
  // Once, and not above the list as well.
  await expect(page.locator('main').getByRole('alert')).toHaveCount(1);
  // What is here stays, and its number is not taken for that of all.
  await expect(list.getByRole('link', { name: /^Item 100\./ })).toBeVisible();
  await expect(list.getByRole('listitem').last()).toHaveAttribute('aria-setsize', '-1');
  // Nothing is asked for again by itself beyond the usual tries.
  const tries = asked.length;
  expect(new Set(asked)).toEqual(new Set(['100']));
  await scrollBy(-100_000);
  await expect(list.getByRole('link', { name: /^Item 1\./ })).toBeVisible();
  await scrollBy(100_000);
  await expect(row).toBeInViewport();
  expect(asked).toHaveLength(tries);

  isAway = false;
  await row.getByRole('button', { name: 'Try again' }).click();
  await expect(row).toHaveCount(0);
  const last = list.getByRole('link', { name: new RegExp(`^Item ${ALL}\\.`) });
  await expect
    .poll(
      async () => {
        await scrollBy(2_000);
        return last.isVisible();
      },
      { intervals: [50] },
    )
    .toBe(true);
  expect(asked.slice(tries)).toEqual(['100', '200', '300', '400']);
  await expect(list.getByRole('listitem').last()).toHaveAttribute('aria-setsize', String(ALL));
});

for (const { path, api, says, of } of [
  { path: '/people?q=zzzz', api: 'people', says: 'Nothing matches', of: () => ({ has_signed_in: true, roles: [], has_password: false, display_name: 'Lena', email: 'lena@example.org' }) },
  { path: '/documents?q=zzzz', api: 'documents', says: 'Nothing matches', of: documentOf },
  { path: '/documents?for=me', api: 'documents', says: 'Nothing matches', of: documentOf },
  { path: '/schedules?show=over', api: 'schedules', says: 'Nothing matches', of: () => ({ next_at: '2100-01-01T00:00:00Z', paused_at: null }) },
  { path: '/grants', api: 'grants', says: 'No grants in force', of: () => ({ revoked_at: AT }) },
] as const) {
  test(`${path}: that nothing fits is said once the last page was read, and not before`, async ({ page }) => {
    const { items } = await (await page.request.get(`/api/v1/${api}?limit=1`)).json();
    await many(page, `**/api/v1/${api}?*`, (nth) => ({ ...items[0], person_id: `person_${id(nth)}`, schedule_id: `sched_${id(nth)}`, grant_id: `grant_${id(nth)}`, ...of(nth) }));
    const asked: (string | null)[] = [];
    page.on('request', (request) => {
      const url = new URL(request.url());
      if (url.pathname === `/api/v1/${api}`) asked.push(url.searchParams.get('cursor'));
    });
    await page.goto(path);
    const [word, more] = [page.locator('main').getByText(says, { exact: true }), page.locator('main').getByRole('button', { name: 'Show more' })];
    await expect
      .poll(async () => {
        // It goes away with the last page.
        if (await more.isVisible()) await more.click({ timeout: 1_000 }).catch(() => undefined);
        return word.isVisible();
      })
      .toBe(true);
    expect(asked).toContain('400');
  });
}

test('somebody far down among hundreds of people is called by name and can be chosen', async ({ page }) => {
  await many(page, '**/api/v1/people?limit=200*', (nth) => ({ person_id: `person_${id(nth)}`, email: `item${nth}@example.org`, display_name: `Item ${nth}.`, roles: [], has_password: false, has_signed_in: true, created_at: AT }));
  await page.route('**/api/v1/budgets/holds?state=held*', (route) => route.fulfill({ json: { items: [waitOf(ALL)], next_cursor: null } }));
  await page.goto('/budgets');
  const waiting = page.getByRole('region', { name: 'Waiting for room' });
  await expect(waiting.getByRole('listitem')).toContainText(`Item ${ALL}.`);
  await expect(waiting.getByText(`…${id(ALL).slice(-6)}`)).toHaveCount(0);
  await page.goto('/audit');
  const by = page.getByLabel('By', { exact: true });
  await by.selectOption({ label: `Item ${ALL}.` });
  await expect(page).toHaveURL(new RegExp(`person=person_${id(ALL)}`));
});

test('of hundreds of runs that wait for room a hundred are there, few of them at once, and more on demand', async ({ page }) => {
  await many(page, '**/api/v1/budgets/holds?state=held*', waitOf);
  await many(page, '**/api/v1/budgets/holds?unreviewed=true*', (nth) => ({ ...waitOf(nth), state: 'allowed', broke_glass: true, decided_by: `person_${id(nth)}`, allowed_micros: 1, reason: `Night ${nth}.` }));
  await page.goto('/budgets');
  for (const name of ['Waiting for room', 'Broken glass to review']) {
    const part = page.getByRole('region', { name });
    const more = part.getByRole('button', { name: 'Show more' });
    const rows = part.getByRole('listitem');
    for (const from of [100, 200, 300, 400]) {
      await expect(rows.first()).toHaveAttribute('aria-setsize', '-1');
      await showMore(page, more, from);
      expect(await rows.count()).toBeLessThan(ROWS_SHOWN_MAX);
    }
    await expect(rows.first()).toHaveAttribute('aria-setsize', String(ALL));
    await expect(more).toHaveCount(0);
    const last = part.locator(`li[aria-posinset="${ALL}"]`);
    await expect
      .poll(
        async () => {
          await page.evaluate(() => document.querySelector('main [data-scrolls]')?.scrollBy(0, 1_500));
          return last.isVisible();
        },
        { intervals: [50], timeout: 60_000 },
      )
      .toBe(true);
  }
});

test('the last of hundreds of workspaces can be chosen', async ({ page }) => {
  await many(page, '**/api/v1/workspaces?*', (nth) => ({ workspace_id: `ws_${id(nth)}`, name: `Place ${nth}.`, created_at: AT }));
  await page.goto('/chat');
  const choice = page.getByLabel('Workspace', { exact: true });
  await choice.selectOption({ label: `Place ${ALL}.` });
  await expect(choice.getByRole('option')).toHaveCount(ALL);
  await page.goto('/contacts?new=1');
  const form = page.getByRole('dialog', { name: 'New contact' });
  await form.getByLabel('Workspace', { exact: true }).selectOption({ label: `Place ${ALL}.` });
});

test('of hundreds of proposed changes of tools all that wait can be reached', async ({ page }) => {
  await many(page, '**/api/v1/changes?kind=tool*', changeOf);
  await page.goto('/tools');
  const rows = page.getByRole('list', { name: 'Proposed changes of tools' }).getByRole('listitem');
  await expect(rows.first()).toHaveAttribute('aria-setsize', String(ALL));
  const last = page.locator(`main a[href="/changes/change_${id(ALL)}"]`);
  let most = 0;
  await expect
    .poll(
      async () => {
        most = Math.max(most, await rows.count());
        await page.evaluate(() => document.querySelector('main [data-scrolls]')?.scrollBy(0, 1_000));
        return last.isVisible();
      },
      { intervals: [50], timeout: 40_000 },
    )
    .toBe(true);
  expect(most).toBeLessThan(ROWS_SHOWN_MAX);
});

test('lists that are read whole are read to their last page', async ({ page }) => {
  const { items }: { items: { name: string }[] } = await (await page.request.get('/api/v1/tools')).json();
  expect(items.length).toBeGreaterThan(1);
  const last = items.at(-1)?.name ?? '';
  // The server's own pages, of one tool each.
  await page.route(/\/api\/v1\/tools(\?|$)/, (route) => {
    const url = new URL(route.request().url());
    url.searchParams.set('limit', '1');
    return route.continue({ url: url.href });
  });
  await page.goto(`/tools?open=${encodeURIComponent(last)}`);
  await expect(page.getByRole('dialog', { name: last })).toBeVisible();
});
