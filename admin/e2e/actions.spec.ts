import { readFileSync } from 'node:fs';
import { csvOf } from './csv';
import { expect, say, test } from './fixtures';

test('blocked actions are found, explained and exported', async ({ page }) => {
  await say(page, 'Try something forbidden for the log.');
  await expect(page.getByText('That is not possible here.', { exact: true })).toBeVisible();
  await page.goto('/blocked');
  await page.getByRole('button', { name: /pay/ }).first().click();
  const detail = page.getByRole('dialog', { name: 'Action' });
  await expect(detail).toContainText('There is no such tool, or this agent may not use it.');
  await expect(detail.getByText('mallory')).toBeVisible();
  await expect(page).toHaveURL(/open=dec_/);
  await page.keyboard.press('Escape');
  await expect(detail).toHaveCount(0);

  await page.getByPlaceholder('Tool begins with…').fill('crm.');
  await expect(page.getByText('Nothing matches')).toBeVisible();
  await expect(page).toHaveURL(/tool=crm/);
  await page.getByRole('button', { name: 'Clear filters' }).click();
  await expect(page.getByRole('button', { name: /pay/ }).first()).toBeVisible();

  const file = async (kind: string) => {
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: `Export as ${kind}` }).click();
    return readFileSync(await (await download).path(), 'utf8');
  };
  const lines = (await file('JSONL')).trim().split('\n').map((line) => JSON.parse(line));
  expect(lines.length).toBeGreaterThan(0);
  expect(lines.map((line) => line.verdict)).toEqual(lines.map(() => 'blocked'));
  expect(lines.some((line) => line.tool === 'bank_pay' && JSON.stringify(line.arguments).includes('mallory'))).toBe(true);
  const rows = csvOf(await file('CSV'));
  expect(rows.length).toBeGreaterThanOrEqual(lines.length);
  expect(Object.keys(rows[0] ?? {})).toEqual(['decided_at', 'verdict', 'class', 'tool', 'effect', 'rules', 'reason', 'arguments', 'provenance', 'run_id', 'call_id', 'person_id', 'agent', 'decision_id']);
  expect(new Set(rows.map((row) => row['verdict']))).toEqual(new Set(['blocked']));
  // The same actions, and each with the values it had, whatever they are written with.
  const byId = new Map(rows.map((row) => [row['decision_id'], row]));
  for (const line of lines) expect(JSON.parse(byId.get(line.decision_id)?.['arguments'] ?? 'null')).toEqual(line.arguments);
});

test('a log that cannot be read says so, names the request, and is read again', async ({ page }) => {
  let isBroken = true;
  await page.route('**/api/v1/actions?*', async (route) => {
    if (!isBroken) return route.continue();
    return route.fulfill({ status: 503, contentType: 'application/problem+json', body: JSON.stringify({ status: 503, code: 'away', detail: 'x', request_id: 'req_test' }) });
  });
  await page.goto('/actions');
  await expect(page.locator('main').getByRole('alert').getByText('req_test')).toBeVisible({ timeout: 15_000 });
  isBroken = false;
  await page.getByRole('button', { name: 'Try again' }).click();
  await expect(page.locator('main').getByRole('alert')).toHaveCount(0);
});

test('filters of all actions and of the blocked ones are kept as views, each for its own page', async ({ page }) => {
  const keep = page.getByRole('button', { name: 'Save this view' });
  const views = page.getByRole('group', { name: 'Saved views' });
  const save = async (name: string) => {
    await keep.click();
    await page.getByLabel('Name', { exact: true }).fill(name);
    await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
    await expect(views.getByRole('button', { name, exact: true })).toHaveAttribute('aria-pressed', 'true');
  };
  await page.goto('/actions');
  const which = page.getByRole('group', { name: 'Which' });
  await expect(which).toBeVisible();
  // The usual view needs no name.
  await expect(keep).toHaveCount(0);
  await page.getByPlaceholder('Tool begins with…').fill('crm.');
  await expect(page).toHaveURL('/actions?tool=crm.');
  await which.getByRole('button', { name: 'held', exact: true }).click();
  await expect(page).toHaveURL('/actions?tool=crm.&verdict=held');
  await save('Held records');

  await page.goto('/blocked');
  await expect(page.getByPlaceholder('Tool begins with…')).toBeVisible();
  await expect(views).toHaveCount(0);
  await page.getByPlaceholder('Tool begins with…').fill('bank');
  await expect(page).toHaveURL('/blocked?tool=bank');
  await save('Banks');
  await page.goto('/blocked');
  await views.getByRole('button', { name: 'Banks', exact: true }).click();
  // That they are the blocked ones is the page, and no filter of it.
  await expect(page).toHaveURL('/blocked?tool=bank');
  await page.getByRole('button', { name: 'Forget Banks' }).click();

  await page.goto('/actions?q=zzzz');
  await views.getByRole('button', { name: 'Held records', exact: true }).click();
  await expect(page).toHaveURL('/actions?verdict=held&tool=crm.');
  await expect(which.getByRole('button', { name: 'held', exact: true })).toHaveAttribute('aria-pressed', 'true');
  await page.getByRole('button', { name: 'Forget Held records' }).click();
  await expect(views.getByRole('button', { name: 'Held records', exact: true })).toHaveCount(0);
});

test('the log is searched by words, and a link opens an action that the list does not show', async ({ page }) => {
  await say(page, 'Who is Searchfora?');
  await expect(page.getByText('2 steps')).toBeVisible();
  await page.goto('/actions');
  const words = page.getByRole('searchbox', { name: 'Words in tool, reason, values, agent' });
  await words.fill('searchfora nonsense');
  await expect(page.getByText('Nothing matches')).toBeVisible();
  await words.fill('searchfora');
  await expect(page).toHaveURL('/actions?q=searchfora');
  const rows = page.getByRole('list', { name: '1 action' }).getByRole('button');
  await expect(rows).toHaveCount(1);
  await rows.click();
  await expect(page).toHaveURL(/open=dec_/);
  const id = new URL(page.url()).searchParams.get('open') ?? '';
  const arrives = page.waitForEvent('download');
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Export as JSONL' }).click();
  expect(readFileSync(await (await arrives).path(), 'utf8').trim().split('\n')).toHaveLength(1);

  // Among the blocked ones it is not; its link opens it all the same.
  await page.goto(`/blocked?open=${id}`);
  await expect(page.getByRole('dialog', { name: 'Action' })).toContainText('Searchfora');
  await page.keyboard.press('Escape');
  await expect(page).toHaveURL('/blocked');
  await page.goto('/actions?open=dec_00000000000000000000000001');
  await expect(page.getByRole('dialog', { name: 'Action' }).getByRole('alert')).toBeVisible();
});

test('a run shows its steps, what they used and what became of each call', async ({ page }) => {
  await say(page, 'Who is Grace?');
  await page.getByRole('link', { name: 'Open the run' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Run' })).toBeVisible();
  const timeline = page.getByRole('list', { name: 'Timeline' });
  await expect(timeline.getByText('Step 2')).toBeVisible();
  await expect(timeline.getByText('120 read, 24 written').first()).toBeVisible();
  await expect(timeline.getByText('find contacts')).toBeVisible();
  // What its plugins took, beside what they may take: a look at the book computes, and asks nobody.
  const { plugins_used, pins } = await (await page.request.get(`/api/v1${new URL(page.url()).pathname}`)).json();
  expect(plugins_used.fuel).toBeGreaterThan(0);
  const may = Number(pins.limits.plugins.fuel).toLocaleString('en', { notation: 'compact', compactDisplay: 'long' });
  await expect(page.getByText(`${Number(plugins_used.fuel).toLocaleString('en')} of ${may} instructions`, { exact: false })).toBeVisible();
  await page.goto('/runs/run_00000000000000000000000001');
  await expect(page.getByRole('heading', { name: 'There is nothing here' })).toBeVisible();
});

test.describe('far from Greenwich', () => {
  test.use({ timezoneId: 'Asia/Kathmandu' });

  test('the log of one day is asked for from its first moment to its last, where the reader is', async ({ page }) => {
    await say(page, 'Who is Dayfora?');
    await expect(page.getByText('2 steps')).toBeVisible();
    await page.goto('/actions?q=dayfora');
    const rows = page.getByRole('list', { name: '1 action' }).getByRole('button');
    await expect(rows).toHaveCount(1);
    const today = await page.evaluate(() => new Date().toLocaleDateString('sv'));
    await page.getByLabel('From this day').fill(today);
    await expect(page).toHaveURL(`/actions?q=dayfora&from=${today}`);
    const asked = page.waitForRequest((request) => request.url().includes('/api/v1/actions?') && new URL(request.url()).searchParams.has('to'));
    await page.getByLabel('Until this day').fill(today);
    const query = new URL((await asked).url()).searchParams;
    expect([query.get('from'), query.get('to')].map((moment) => moment?.slice(10))).toEqual(['T18:15:00.000Z', 'T18:15:00.000Z']);
    await expect(rows).toHaveCount(1);
    await expect(page).toHaveURL(`/actions?q=dayfora&from=${today}&to=${today}`);
    // Both have their names, and stand in one line on every screen.
    const [first, last] = await Promise.all(['From this day', 'Until this day'].map((name) => page.getByLabel(name).boundingBox()));
    expect(first?.y).toBe(last?.y);
    await page.getByLabel('From this day').fill('');
    await expect(page).toHaveURL(`/actions?q=dayfora&to=${today}`);
    await page.getByLabel('Until this day').fill('2026-01-01');
    await expect(page.getByText('Nothing matches')).toBeVisible();
  });
});

test('characters that nobody would see are marked in why an action was decided so', async ({ page }) => {
  await say(page, 'Try something forbidden, unseen.');
  await expect(page.getByText('That is not possible here.', { exact: true })).toBeVisible();
  // No rule here has such a reason: the row is as one that had would be.
  await page.route('**/api/v1/actions?*', async (route) => {
    const response = await route.fetch();
    const { items, ...rest } = await response.json();
    await route.fulfill({ response, json: { ...rest, items: items.map((one: object) => ({ ...one, reason: 'Not\u202e here.' })) } });
  });
  await page.goto('/blocked');
  await expect(page.getByRole('button', { name: /pay/ }).first()).toContainText('Not⟨U+202E⟩ here.');
});
