import { readFileSync } from 'node:fs';
import type { Page } from '@playwright/test';
import { expect, hold, moreActions, say, test } from './fixtures';
import { linkOf } from './proposals';
import { AUDITOR, world } from './world';

test('a tool says what it does, what each argument is for and what its plugin reaches', async ({ page }) => {
  await page.goto('/tools');
  const plugin = page.getByRole('region', { name: /^crm@/ });
  await expect(plugin.getByText('crm-write')).toBeVisible();
  await expect(plugin.getByText(/^\d+ MiB of memory, [\d.]+ (million|billion) instructions, .+ KiB of result at most$/)).toBeVisible();
  await page.getByPlaceholder('Name, effect, words').fill('no such tool');
  await expect(page.getByText('Nothing matches')).toBeVisible();
  await page.getByRole('button', { name: 'Clear filters' }).click();
  await plugin.getByRole('button', { name: /add note/ }).click();
  const tool = page.getByRole('dialog', { name: 'crm.add_note' });
  await expect(tool.getByText('Which contact', { exact: true })).toBeVisible();
  await expect(tool.getByText('Content', { exact: true })).toBeVisible();
  await expect(page).toHaveURL(/open=crm.add_note/);
  await tool.getByRole('link', { name: 'Show its calls' }).click();
  await expect(page).toHaveURL('/actions?tool=crm.add_note');
});

test('a plugin and each of its tools stand with their digests, whole to be copied', async ({ page }, info) => {
  const of = async (path: string, name: string) => (await (await page.request.get(path)).json()).items.find((one: { name: string }) => one.name === name);
  const [own, add] = [await of('/api/v1/plugins', 'crm'), await of('/api/v1/tools', 'crm.add_note')];
  for (const digest of [own.digest, add.plugin_digest, add.schema_digest]) expect(digest).toMatch(/^[0-9a-f]{64}$/);
  await page.goto('/tools');
  const fact = (name: string) => page.locator('dl > div').filter({ has: page.getByRole('term').filter({ hasText: new RegExp(`^${name}$`) }) }).getByRole('definition');
  await expect(page.getByRole('region', { name: /^crm@/ }).getByRole('definition').filter({ hasText: own.digest })).toBeVisible();
  await page.goto('/tools?open=crm.add_note');
  await expect(page.getByRole('dialog', { name: 'crm.add_note' })).toBeVisible();
  await expect(fact('Code')).toHaveText(add.plugin_digest);
  await expect(fact('Schemas')).toHaveText(add.schema_digest);
  if (info.project.name !== 'desktop') return;
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await fact('Schemas').getByRole('button', { name: 'Copy' }).click();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(add.schema_digest);
});

test('a tool and its plugin say what their calls took, to whom may know', async ({ page, browser }) => {
  await say(page, 'Who is Ada, for the tools?');
  await expect(page.getByText('2 steps')).toBeVisible();
  const look = async (on: Page) => {
    await on.goto(`${world().origin}/tools?open=crm.find_contacts`);
    const tool = on.getByRole('dialog', { name: 'crm.find_contacts' });
    await expect(tool.getByText('Can be undone')).toBeVisible();
    return tool;
  };
  const tool = await look(page);
  await expect(tool.getByText(/^\d[\d,]* calls? in \d[\d,]* runs?, .+, [\d,]+ instructions$/)).toBeVisible();
  await tool.getByRole('link', { name: 'Usage' }).click();
  await expect(page).toHaveURL('/usage?by=tool');
  await page.goto('/tools');
  await expect(page.getByRole('region', { name: /^crm@/ }).getByText(/^\d[\d,]* calls? of its tools, .+, [\d,]+ instructions$/)).toBeVisible();
  const seen = await browser.newContext({ storageState: AUDITOR });
  await expect((await look(await seen.newPage())).getByText(/calls? in .* runs?/)).toBeVisible();
  await seen.close();
  // Who may not see what was used sees the tool without it, and asks for nothing of the kind.
  const narrow = await browser.newContext({ baseURL: world().origin, storageState: { cookies: [], origins: [] } });
  const link = await linkOf(page.request, 'Una Used', 'support');
  expect((await narrow.request.post('/api/v1/session', { data: { link }, headers: { origin: world().origin } })).ok()).toBe(true);
  const plain = await narrow.newPage();
  const asked: string[] = [];
  plain.on('request', (request) => asked.push(request.url()));
  await expect((await look(plain)).getByText(/calls? in .* runs?/)).toHaveCount(0);
  expect(asked.filter((url) => url.includes('/api/v1/usage'))).toEqual([]);
  await narrow.close();
});

test('versions of a prompt are read and compared line by line', async ({ page }) => {
  // The version in use and one that stands in for what a later release brings.
  await page.route('**/api/v1/prompts', async (route) => {
    const response = await route.fetch();
    const body = await response.json();
    const first = body.items.find((item: { name: string; labels: string[] }) => item.name === 'assistant' && item.labels.includes('production'));
    const others = body.items.filter((item: { name: string; version: number }) => item.name !== 'assistant' || item.version === first.version);
    await route.fulfill({ response, json: { ...body, items: [...others, { ...first, version: 99, labels: [], description: 'The next one.' }] } });
  });
  let text = '';
  await page.route('**/api/v1/prompts/assistant/*', async (route) => {
    const isNext = route.request().url().endsWith('/99');
    if (!isNext) {
      const response = await route.fetch();
      const body = await response.json();
      text = body.text;
      return route.fulfill({ response, json: body });
    }
    const real = await page.request.get('/api/v1/prompts/assistant/production');
    const body = await real.json();
    return route.fulfill({ json: { ...body, version: 99, text: `${String(body.text).split('\n').slice(1).join('\n')}\nA line that is new.` } });
  });
  await page.goto('/prompts?name=assistant');
  await expect(page.getByText('production')).toBeVisible();
  await page.getByRole('button', { name: /^Version 99/ }).click();
  await expect(page.getByText('A line that is new.')).toBeVisible();
  await page.getByLabel('Compare with').selectOption({ index: 1 });
  const difference = page.getByRole('region', { name: /^From Version/ });
  await expect(difference.getByText('1 line added, 1 removed')).toBeVisible();
  await expect(difference.getByText('added: A line that is new.')).toBeVisible();
  await expect(difference.getByText(`removed: ${text.split('\n')[0]}`)).toBeVisible();
});

test('agents show what they may use, how they are watched and their bounds', async ({ page }) => {
  await page.goto('/agents');
  const agent = page.getByRole('listitem').filter({ has: page.getByRole('heading', { name: 'assistant' }) });
  const { items } = await (await page.request.get('/api/v1/agents')).json();
  await expect(agent.getByText(items[0].mode, { exact: true })).toBeVisible();
  await expect(agent.getByText(/steps, .* at most/)).toBeVisible();
  const { requests, questions } = items[0].limits.plugins;
  await expect(agent.getByText(new RegExp(`^${Number(requests).toLocaleString('en')} requests to others, .* ${Number(questions).toLocaleString('en')} calls to the office or others, [\\d.]+ (million|billion) instructions at most$`))).toBeVisible();
  await agent.getByText(/tools? now/).click();
  await agent.getByRole('link', { name: 'crm.find_contacts' }).click();
  await expect(page.getByRole('dialog', { name: 'crm.find_contacts' })).toBeVisible();
});

test('where the tools cannot be read, an agent is not said to have none', async ({ page }) => {
  await page.route('**/api/v1/tools', (route) => route.fulfill({ status: 403, contentType: 'application/problem+json', json: { status: 403, code: 'denied', detail: 'Tools are not to be read.', request_id: 'req_tools' } }));
  await page.goto('/agents');
  const agent = page.getByRole('listitem').filter({ has: page.getByRole('heading', { name: 'assistant' }) });
  await expect(agent.getByText('Which tools it has now could not be read.')).toBeVisible();
  await expect(agent.getByRole('alert')).toContainText('Tools are not to be read.');
  await expect(agent.getByText(/tools? now/)).toHaveCount(0);
  await page.unroute('**/api/v1/tools');
  await agent.getByRole('button', { name: 'Try again' }).click();
  await expect(agent.getByText(/^[1-9]\d* tools? now$/)).toBeVisible();
});

test('tools that are still to come are not counted', async ({ page }) => {
  let release: () => void = () => undefined;
  const late = new Promise<void>((done) => {
    release = done;
  });
  await page.route('**/api/v1/tools', async (route) => {
    await late;
    return route.continue();
  });
  const agents = page.waitForResponse((response) => response.url().endsWith('/api/v1/agents'));
  await page.goto('/agents');
  await (await agents).finished();
  await expect(page.locator('main').getByRole('status').filter({ hasText: 'Loading' })).toBeVisible();
  await expect(page.getByText(/tools? now/)).toHaveCount(0);
  release();
  await expect(page.getByText(/^[1-9]\d* tools? now$/).first()).toBeVisible();
});

test('a budget is set, spent from and changed', async ({ page }, info) => {
  await page.goto('/budgets');
  await expect(page.getByRole('meter', { name: 'Analytical Engines' })).toBeVisible();
  await page.getByRole('button', { name: 'Set a budget' }).click();
  const form = page.getByRole('dialog');
  await form.getByLabel('For').selectOption({ label: 'Agents' });
  await form.getByLabel('How long').selectOption({ label: info.project.name === 'phone' ? 'in all' : 'a day' });
  await form.getByLabel('Limit in US dollars').fill('abc');
  await expect(form.getByRole('alert')).toHaveText(/Write digits/);
  await form.getByLabel('Limit in US dollars').fill('7,500');
  await expect(form.getByRole('alert')).toHaveText(/without a mark for thousands/);
  await form.getByLabel('Limit in US dollars').fill('٧٫٥');
  await expect(form.getByLabel('Limit in US dollars')).toHaveAccessibleDescription(/^That is \$7\.50\./);
  await form.getByLabel('Limit in US dollars').fill('7.50');
  await form.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText(/of \$7\.50 spent/)).toBeVisible();
  await page.getByRole('button', { name: 'Change the limit of assistant' }).last().click();
  await page.getByRole('dialog').getByLabel('Limit in US dollars').fill('8');
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText(/of \$8\.00 spent/)).toBeVisible();
});

test('health says that all is well, and what to do when the database is away', async ({ page }) => {
  await page.goto('/health');
  await expect(page.getByRole('heading', { level: 2, name: 'Database' })).toBeVisible();
  await expect(page.getByText('not well')).toHaveCount(0);
  await expect(page.getByText(/rules? in force/)).toBeVisible();
  await page.route('**/readyz', (route) => route.fulfill({ status: 503, body: 'away' }));
  await page.reload();
  await expect(page.getByText('not well')).toBeVisible();
  await expect(page.getByText(/The database does not answer: nothing is lost/)).toBeVisible();
});

test('the audit log begins with what is newest, and a run leads to its entries and its raw events', async ({ page }, info) => {
  await say(page, 'Who is Ada for the audit?');
  await page.getByRole('link', { name: 'Open the run' }).click();
  await page.waitForURL(/\/runs\/run_/);
  const run = page.url().split('/').pop() ?? '';
  const arrives = page.waitForEvent('download');
  await moreActions(page, info);
  await page.getByRole('button', { name: 'Events' }).click();
  const lines = readFileSync(await (await arrives).path(), 'utf8').trim().split('\n');
  const events = lines.map((line) => JSON.parse(line));
  expect(events[0].event).toBe('run.started');
  expect(events.at(-1).event).toBe('run.ended');
  expect(events.every((event) => Number.isInteger(event.seq))).toBe(true);

  await moreActions(page, info);
  await page.getByRole('link', { name: 'Audit', exact: true }).last().click();
  await expect(page).toHaveURL(`/audit?run=${run}`);
  const entries = page.getByRole('list', { name: 'Entries of the log' }).getByRole('button');
  await expect(entries.first()).toContainText('call.end');
  await expect(entries.last()).toContainText('run.start');
  await entries.first().click();
  const entry = page.getByRole('dialog', { name: 'Entry' });
  await expect(entry).toContainText(`${run}/call_1_0`);
  await expect(entry).toContainText(/Leaf [0-9a-f]{64}/);
  await page.keyboard.press('Escape');
  await expect(page).toHaveURL(`/audit?run=${run}`);
  await page.getByRole('button', { name: /^Only of run/ }).click();
  await expect(page).toHaveURL('/audit');
  await page.goto('/audit');
  await expect(page.locator('main li time').nth(5)).toBeVisible();
  const times = await page.locator('main li time').evaluateAll((all) => all.map((one) => one.getAttribute('datetime') ?? ''));
  expect(times.length).toBeGreaterThan(5);
  expect(times.map((time) => Date.parse(time))).toEqual(times.map((time) => Date.parse(time)).sort((a, b) => b - a));
});

test('events of a run that waits are there until now, and the page says that more will come', async ({ page }, info) => {
  await hold(page, 'Rawa');
  const [run] = (await (await page.request.get('/api/v1/runs?limit=1')).json()).items;
  await page.goto(`/runs/${run.run_id}`);
  const arrives = page.waitForEvent('download');
  await moreActions(page, info);
  await page.getByRole('button', { name: 'Events' }).click();
  const events = readFileSync(await (await arrives).path(), 'utf8').trim().split('\n').map((line) => JSON.parse(line));
  expect([events[0].event, events.at(-1).event]).toEqual(['run.started', 'hold.opened']);
  await expect(page.getByText('The run is not over: these are its events until now.')).toBeVisible();
});

test.describe('as somebody who may look only', () => {
  test.use({ storageState: AUDITOR });
  test('budgets are seen and not changed', async ({ page }) => {
    await page.goto('/budgets');
    const set = page.getByRole('button', { name: 'Set a budget' });
    await expect(set).toHaveAccessibleDescription('Only owners change budgets.');
    await set.click({ force: true });
    await expect(page.getByRole('dialog')).toHaveCount(0);
    await page.goto('/budgets?open=budget_00000000000000000000000001&new=');
    await expect(page.getByRole('dialog')).toHaveCount(0);
  });
});

test('a run without room waits, goes on by what is allowed, and ends when it is refused', async ({ page }) => {
  await page.goto('/budgets');
  const me = await (await page.request.get('/api/v1/me')).json();
  const headers = { origin: new URL(page.url()).origin };
  const limit = async (cap_micros: number) => {
    const reply = await page.request.put('/api/v1/budgets', { data: { scope: 'person', scope_id: me.person_id, period: 'total', cap_micros }, headers });
    expect(reply.status()).toBe(200);
  };
  await limit(0);
  try {
    await say(page, 'Who is Ada without money?');
    await page.getByRole('link', { name: 'Decide under budgets' }).click();
    const wait = page.getByRole('listitem').filter({ hasText: 'Run of assistant' });
    await wait.first().getByRole('button', { name: 'Let it go on' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('By how much').fill('0.000001');
    await dialog.getByRole('button', { name: 'Let it go on' }).click();
    await expect(dialog.getByRole('alert')).toContainText(/next answer/);
    await dialog.getByLabel('By how much').fill('2');
    await dialog.getByRole('button', { name: 'Let it go on' }).click();
    await expect(page.getByText('The run goes on.')).toBeVisible();
    await expect(wait).toHaveCount(0, { timeout: 20_000 });

    await say(page, 'Who is Grace without money?');
    await page.getByRole('link', { name: 'Decide under budgets' }).click();
    await wait.first().getByRole('button', { name: 'End it' }).click();
    await dialog.getByLabel('Why').fill('Tomorrow.');
    await dialog.getByRole('button', { name: 'End it' }).click();
    await expect(page.getByText('The run ends and says why.')).toBeVisible();
    await expect(wait).toHaveCount(0);
  } finally {
    await limit(1_000_000_000);
  }
});

test('a standing grant is read with its ranges and taken back', async ({ page }, info) => {
  await page.goto('/grants');
  const headers = { origin: new URL(page.url()).origin };
  const workspace = (await (await page.request.get('/api/v1/workspaces')).json()).items[0];
  const expires_at = new Date(Date.now() + 7 * 24 * 60 * 60 * 1_000).toISOString();
  const uses_max = info.project.name === 'phone' ? 17 : 19;
  const ranges = { '/name': { letters_max: 100 }, '/website': 'any' };
  const given = await page.request.post('/api/v1/grants', { data: { workspace_id: workspace.workspace_id, agent: 'assistant', tool: 'crm.create_company', ranges, uses_max, expires_at }, headers });
  expect(given.status(), await given.text()).toBe(201);
  await page.reload();
  const grant = page.getByRole('listitem').filter({ hasText: `0 of ${uses_max}` });
  await expect(grant.getByRole('listitem').filter({ hasText: /^name/ })).toContainText('at most 100 letters');
  await expect(grant.getByRole('listitem').filter({ hasText: /^website/ })).toContainText('anything');
  await grant.getByRole('button', { name: 'Take back' }).click();
  await grant.getByRole('button', { name: 'Take back now' }).click();
  await expect(grant).toHaveCount(0);
  await page.getByRole('button', { name: 'Over' }).click();
  await expect(grant.getByText('taken back', { exact: true })).toBeVisible();
});
