import { expect, hold, moreActions, say, test } from './fixtures';
import { AUDITOR, world } from './world';

test('runs are listed with what they cost, and filtered by where they are', async ({ page }) => {
  await say(page, 'Who is Ada, for the list of runs?');
  await expect(page.getByText('2 steps')).toBeVisible();
  const [run] = (await (await page.request.get('/api/v1/runs?limit=1')).json()).items;
  await page.goto('/runs');
  const rows = page.getByRole('list', { name: 'Runs' });
  const row = rows.locator(`a[href="/runs/${run.run_id}"]`);
  await expect(row).toContainText('assistant');
  await expect(row).toContainText('2 steps · 288 tokens · $0.0004');
  await expect(row).toContainText('replied');
  await page.getByRole('button', { name: 'ended', exact: true }).click();
  await expect(page).toHaveURL('/runs?status=ended');
  await expect(row).toBeVisible();
  // A run that waits is not among those that ended.
  await hold(page, 'Lista');
  const [waits] = (await (await page.request.get('/api/v1/runs?limit=1')).json()).items;
  await page.goto('/runs?status=ended');
  await expect(row).toBeVisible();
  await expect(rows.locator(`a[href="/runs/${waits.run_id}"]`)).toHaveCount(0);
  await page.getByRole('button', { name: 'waits for people' }).click();
  await expect(rows.locator(`a[href="/runs/${waits.run_id}"]`)).toBeVisible();
  await expect(row).toHaveCount(0);
  await page.route('**/api/v1/runs?*', (route) => route.fulfill({ json: { items: [], next_cursor: null } }));
  await page.getByRole('button', { name: 'running', exact: true }).click();
  await expect(page.getByText('Nothing matches')).toBeVisible();
  await page.getByRole('button', { name: 'Clear filters' }).click();
  await expect(page).toHaveURL('/runs');
  await expect(page.getByText('No runs yet')).toBeVisible();
});

test('a run says what it took from results, how far that can be trusted, and where the audit log proves it', async ({ page }) => {
  await hold(page, 'Labela');
  const [run] = (await (await page.request.get('/api/v1/runs?limit=1')).json()).items;
  await page.goto(`/runs/${run.run_id}`);
  const timeline = page.getByRole('list', { name: 'Timeline' });
  const found = timeline.locator('details', { hasText: 'find contacts' });
  await found.locator('summary').first().click();
  // The id of Ada is all that was taken further from what was found.
  const parts = found.getByRole('region', { name: 'Of this result was used' });
  await expect(parts.getByRole('listitem')).toHaveCount(1);
  await expect(parts.getByRole('listitem')).toContainText('contacts › 1 › id');
  await expect(parts.getByText('your words')).toBeVisible();

  const proof = page.getByRole('group', { name: 'In the audit log' });
  await expect(proof.getByRole('link', { name: 'Its entries' })).toHaveAttribute('href', `/audit?run=${run.run_id}`);
  // The log is signed within seconds.
  await expect(async () => {
    await proof.getByRole('button', { name: 'Check the log' }).click();
    await expect(proof.getByRole('status')).toContainText(/All of this run is in the signed checkpoint over [\d,]+ entries/, { timeout: 2_000 });
  }).toPass({ timeout: 30_000 });
  await expect(proof.getByRole('status')).toContainText('The log is whole');

  await page.route('**/api/v1/audit/verification', (route) => route.fulfill({ json: { whole: false, entries: 7, signed: 7, problems: ['entry 3 is not what was signed'], checked_at: new Date().toISOString(), checkpoint: null } }));
  await proof.getByRole('button', { name: 'Check the log' }).click();
  await expect(proof.getByRole('status')).toContainText('The log is not as it was written:');
  await expect(proof.getByRole('status')).toContainText('entry 3 is not what was signed');
});

test('what can be done with a run stands in words, on a phone behind one button', async ({ page }, info) => {
  await say(page, 'Who is Ada, for the menu?');
  await page.getByRole('link', { name: 'Open the run' }).click();
  await page.waitForURL(/\/runs\/run_/);
  const all = [page.getByRole('button', { name: 'Replay' }), page.getByRole('button', { name: 'Events', exact: true }), page.getByRole('main').getByRole('link', { name: 'Audit', exact: true }), page.getByRole('link', { name: 'Conversation', exact: true })];
  await expect(page.getByRole('list', { name: 'Timeline' })).toBeVisible();
  if (info.project.name === 'phone') {
    for (const one of all) await expect(one).toHaveCount(0);
    await moreActions(page, info);
    await page.keyboard.press('Escape');
    for (const one of all) await expect(one).toHaveCount(0);
    await moreActions(page, info);
    for (const one of all) expect((await one.boundingBox())?.height ?? 0).toBeGreaterThanOrEqual(44);
  }
  // Each has its word where it is seen, and not only where it is read out.
  for (const one of all) expect((await one.innerText()).trim()).not.toBe('');
  await all[0]?.click();
  await expect(page.getByRole('group', { name: 'Replay' })).toBeVisible();
  await expect(page.getByRole('button', { name: 'Replay' })).toHaveCount(0);
});

test('a label that not everybody may read says for whom it is', async ({ page }) => {
  await say(page, 'Who is Ada, and who may read it?');
  await expect(page.getByText('2 steps')).toBeVisible();
  // Records here are for everybody: the event is as one of a document for few would be.
  await page.route('**/api/v1/runs/*/events', async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: (await response.text()).replaceAll('"readers":"public"', '"readers":{"only":["ada@example.org","house"]}') });
  });
  await page.reload();
  const call = page.locator('details', { hasText: 'find contacts' });
  await call.locator('summary').first().click();
  await expect(call.getByText('only for ada@example.org and the organisation')).toBeVisible();
});

test('an address that no id is written in has nothing, and breaks nothing', async ({ page }) => {
  for (const path of ['/runs/%', '/contacts/%E0%A4', '/holds/%zz']) {
    await page.goto(path);
    await expect(page.getByRole('heading', { name: 'There is nothing here' })).toBeVisible();
  }
});

test('what a call answered is shown to the person of the run, and others are told why it is not', async ({ page, browser }) => {
  await say(page, 'Who is Ada, for me alone?');
  await page.getByRole('link', { name: 'Open the run' }).click();
  await page.waitForURL(/\/runs\/run_/);
  const own = page.getByRole('list', { name: 'Timeline' }).locator('details', { hasText: 'find contacts' });
  await own.locator('summary').first().click();
  await expect(own.getByRole('region', { name: 'Result' })).toBeVisible();
  await expect(own.getByText('is told only to the person', { exact: false })).toHaveCount(0);
  const other = await browser.newContext({ storageState: AUDITOR, baseURL: world().origin });
  const looked = await other.newPage();
  await looked.goto(page.url());
  const card = looked.getByRole('list', { name: 'Timeline' }).locator('details', { hasText: 'find contacts' });
  await card.locator('summary').first().click();
  await expect(card.getByText(/^What it answered \(.+\) is told only to the person whose run this is\.$/)).toBeVisible();
  await expect(card.getByRole('region', { name: 'Result' })).toHaveCount(0);
  await other.close();
});
