/** Lists that grow with an organisation keep only the rows near what is seen. */
import type { Page } from '@playwright/test';
import { expect, test } from './fixtures';

const ALL = 450;
const ROWS_SHOWN_MAX = 80;

/** Answers a list of so many, a page at a time. */
async function many(page: Page, pattern: string, of: (nth: number) => object): Promise<void> {
  await page.route(pattern, (route) => {
    const asked = new URL(route.request().url()).searchParams;
    const [from, limit] = [Number(asked.get('cursor') ?? '0'), Number(asked.get('limit'))];
    const items = Array.from({ length: Math.min(limit, ALL - from) }, (_, at) => of(from + at + 1));
    return route.fulfill({ json: { items, next_cursor: from + limit < ALL ? String(from + limit) : null } });
  });
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
  });
}

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

test('of hundreds of runs that wait for room a hundred are shown, and more on demand', async ({ page }) => {
  await many(page, '**/api/v1/budgets/holds?state=held*', waitOf);
  await many(page, '**/api/v1/budgets/holds?unreviewed=true*', (nth) => ({ ...waitOf(nth), state: 'allowed', broke_glass: true, decided_by: `person_${id(nth)}`, allowed_micros: 1, reason: `Night ${nth}.` }));
  await page.goto('/budgets');
  for (const name of ['Waiting for room', 'Broken glass to review']) {
    const part = page.getByRole('region', { name });
    const more = part.getByRole('button', { name: 'Show more' });
    for (const count of [100, 200, 300, 400]) {
      await expect(part.getByRole('listitem')).toHaveCount(count);
      await more.click();
    }
    await expect(part.getByRole('listitem')).toHaveCount(ALL);
    await expect(more).toHaveCount(0);
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

test('of hundreds of proposed changes of tools all that wait are there', async ({ page }) => {
  await many(page, '**/api/v1/changes?kind=tool*', (nth) => ({
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
  }));
  await page.goto('/tools');
  const waiting = page.getByRole('list', { name: 'Proposed changes of tools' });
  await expect(waiting.getByRole('listitem')).toHaveCount(ALL);
  await expect(waiting.getByRole('link').last()).toHaveAttribute('href', `/changes/change_${id(ALL)}`);
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
