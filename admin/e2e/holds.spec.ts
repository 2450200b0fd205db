import { readFileSync } from 'node:fs';
import type { Locator } from '@playwright/test';
import { csvOf } from './csv';
import { expect, hold, say, test } from './fixtures';
import { freeAddress } from './holds';

test('an action is approved from the keyboard, and the run goes on', async ({ page }) => {
  await freeAddress(page);
  await hold(page, 'Keya');
  await page.getByRole('link', { name: 'Open the whole card' }).click();
  await expect(page).toHaveURL(/\/holds\/hold_/);
  const card = page.getByRole('group', { name: /Held action/ });
  await expect(card.getByText('Keya', { exact: true }).first()).toBeVisible();
  await page.keyboard.press('a');
  await expect(page.getByRole('dialog', { name: 'Approve exactly this?' })).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await page.keyboard.press('a');
  await expect(page.getByRole('button', { name: 'Approve exactly this' })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.getByText('Approved. The run goes on.')).toBeVisible();
  await expect(card.getByText('It was approved and is done.')).toBeVisible({ timeout: 15_000 });
});

test('an action is rejected with a reason that the agent is told', async ({ page }) => {
  await hold(page, 'Rejecta');
  const conversation = page.url();
  await page.getByRole('button', { name: 'Reject' }).click();
  await page.getByLabel('Reason').fill('We do not know this person.');
  await page.getByRole('dialog').getByRole('button', { name: 'Reject' }).click();
  await expect(page.getByRole('article').getByText('It was refused, so nobody was added.').last()).toBeVisible();
  await page.goto(conversation);
  await expect(page.locator('details', { hasText: 'create contact' }).locator('summary').first()).toContainText('We do not know this person.');
});

test('a card says when it lapses, and once it is decided since when it was held', async ({ page }) => {
  await hold(page, 'Lapsa');
  const card = page.getByRole('group', { name: /Held action/ });
  const fact = (name: string) => card.locator('dl > div').filter({ has: page.getByRole('term').filter({ hasText: new RegExp(`^${name}$`) }) }).locator('time');
  const link = (await page.getByRole('link', { name: 'Open the whole card' }).getAttribute('href')) ?? '';
  const one = await (await page.request.get(`/api/v1${link}`)).json();
  expect(Date.parse(one.expires_at)).toBeGreaterThan(Date.now());
  await expect(fact('Lapses')).toHaveAttribute('datetime', one.expires_at);
  await page.goto(link);
  await expect(fact('Lapses')).toHaveAttribute('datetime', one.expires_at);
  await expect(fact('Held')).toHaveCount(0);
  expect((await page.request.post(`/api/v1${link}/reject`, { data: { reason: 'no' }, headers: { origin: new URL(page.url()).origin } })).status()).toBe(200);
  await page.reload();
  await expect(fact('Held')).toHaveAttribute('datetime', one.held_at);
  await expect(fact('Lapses')).toHaveCount(0);
});

test('a card that is no longer true refuses and shows what is', async ({ page }) => {
  await hold(page, 'Stala');
  await page.getByRole('link', { name: 'Open the whole card' }).click();
  await expect(page).toHaveURL(/\/holds\/hold_/);
  const id = page.url().split('/').pop() ?? '';
  const shown = await (await page.request.get(`/api/v1/holds/${id}`)).json();
  await page.keyboard.press('a');
  await expect(page.getByRole('dialog')).toBeVisible();
  const origin = new URL(page.url()).origin;
  // Somebody else is quicker.
  const other = await page.request.post(`/api/v1/holds/${id}/reject`, { data: { reason: 'no' }, headers: { origin } });
  expect(other.status()).toBe(200);
  await page.keyboard.press('Enter');
  await expect(page.getByRole('group', { name: /Held action/ }).getByText('It was refused and did not happen.')).toBeVisible({ timeout: 15_000 });
  const now = await (await page.request.get(`/api/v1/holds/${id}`)).json();
  expect([now.state, now.said.length, now.envelope_id]).toEqual(['rejected', 1, shown.envelope_id]);
});

test('an action that is not there is not there', async ({ page }) => {
  await page.goto('/holds/hold_00000000000000000000000001');
  await expect(page.locator('main').getByRole('alert')).toContainText('nothing you may know of');
  await page.goto('/holds/nonsense');
  await expect(page.getByText('There is nothing here').first()).toBeVisible();
});

test('an action is edited, judged again, and waits anew as it was written', async ({ page }) => {
  await hold(page, 'Edita');
  await page.getByRole('link', { name: 'Open the whole card' }).click();
  await page.waitForURL(/\/holds\/hold_/);
  const before = page.url();
  await expect(page.getByRole('group', { name: /Held action/ }).getByText('Edita', { exact: true }).first()).toBeVisible();
  await page.keyboard.press('e');
  const dialog = page.getByRole('dialog', { name: 'Edit what would be done' });
  await expect(dialog.getByRole('button', { name: 'Put it in its place' })).toHaveAccessibleDescription('Nothing is different yet.');
  await dialog.getByLabel('emails').fill('[not json');
  await expect(dialog.getByRole('alert')).toHaveText('This is no JSON.');
  await dialog.getByLabel('emails').fill('[17]');
  await dialog.getByRole('button', { name: 'Put it in its place' }).click();
  await expect(dialog.getByRole('alert')).toContainText(/emails/);
  expect(page.url()).toBe(before);
  await dialog.getByLabel('emails').fill('["edith@engines.example"]');
  await dialog.getByLabel('name').fill('Edith');
  await dialog.getByRole('button', { name: 'Put it in its place' }).click();
  await expect(page.getByText('It waits as you wrote it.')).toBeVisible();
  await expect(page).not.toHaveURL(before);
  const card = page.getByRole('group', { name: /Held action/ });
  await expect(card.getByText('Edith', { exact: true }).first()).toBeVisible();
  await expect(card.getByText('Edited by')).toBeVisible();
  await page.keyboard.press('a');
  await page.getByRole('button', { name: 'Approve exactly this' }).click();
  await expect(card.getByText('It was approved and is done.')).toBeVisible({ timeout: 15_000 });
  const found = await (await page.request.get('/api/v1/contacts?q=edith')).json();
  expect(found.items.map((one: { display_name: string }) => one.display_name)).toEqual(['Edith']);
});

test('a card says how it differs from the last of its kind', async ({ page }) => {
  await hold(page, 'Firsta');
  await page.getByRole('button', { name: 'Approve' }).click();
  await page.getByRole('button', { name: 'Approve exactly this' }).click();
  await expect(page.getByRole('article').getByText('is in the contacts now').last()).toBeVisible();
  await hold(page, 'Seconda');
  await page.getByRole('link', { name: 'Open the whole card' }).click();
  const last = page.locator('section', { has: page.getByRole('heading', { name: 'Compared with the last one' }) });
  // Others work here meanwhile: the last one is whichever was carried out last.
  await expect(last.locator('del').filter({ hasNotText: 'Seconda' }).first()).toBeVisible();
  await expect(last.locator('ins').getByText('Seconda')).toBeVisible();
});

test('the queue is searched, and what is looked at often is kept as a view', async ({ page }) => {
  await hold(page, 'Viewa');
  await page.goto('/holds');
  await page.getByRole('searchbox', { name: 'Search actions' }).fill('no such thing');
  await expect(page.getByText('Nothing matches')).toBeVisible();
  await page.getByRole('searchbox', { name: 'Search actions' }).fill('create contact');
  await expect(page).toHaveURL('/holds?q=create+contact');
  const rows = page.locator('main li').filter({ has: page.getByRole('link', { name: /create contact/ }) });
  await expect(rows.first()).toBeVisible();
  await page.getByLabel('What it does').selectOption({ label: 'moves money' });
  await expect(page.getByText('Nothing matches')).toBeVisible();
  await page.getByLabel('What it does').selectOption({ label: 'changes records' });
  await page.getByRole('button', { name: 'Save this view' }).click();
  await page.getByLabel('Name', { exact: true }).fill('New people');
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
  await page.goto('/holds');
  const view = page.getByRole('group', { name: 'Saved views' }).getByRole('button', { name: 'New people', exact: true });
  await view.click();
  await expect(page).toHaveURL('/holds?effect=write&q=create+contact');
  await expect(view).toHaveAttribute('aria-pressed', 'true');
  // The card keeps the filters of its list.
  await rows.first().getByRole('link').click();
  await expect(page).toHaveURL(/\/holds\/hold_\w+\?effect=write&q=create\+contact/);
  await page.goto('/holds');
  await page.getByRole('button', { name: 'Forget New people' }).click();
  await expect(view).toHaveCount(0);
});

test('the queue shows what waits for one role, and a view keeps it', async ({ page }) => {
  await hold(page, 'Rolea');
  const { items } = await (await page.request.get('/api/v1/holds?state=held&limit=1')).json();
  const role: string = items[0].needs[0][0];
  const link = page.locator(`a[href^="/holds/${items[0].hold_id}"]`);
  await page.goto('/holds');
  const roles = page.getByLabel('Whose word is needed');
  await roles.selectOption({ label: `Needs ${role}` });
  await expect(page).toHaveURL(`/holds?role=${role}`);
  await expect(link).toBeVisible();
  await page.getByRole('button', { name: 'Save this view' }).click();
  await page.getByLabel('Name', { exact: true }).fill('By role');
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
  // Nobody asks an auditor for a decision.
  await roles.selectOption({ label: 'Needs auditor' });
  await expect(page.getByText('Nothing matches')).toBeVisible();
  await page.getByRole('button', { name: 'Clear filters' }).click();
  await expect(page).toHaveURL('/holds');
  await expect(link).toBeVisible();
  await page.getByRole('button', { name: 'By role', exact: true }).click();
  await expect(page).toHaveURL(`/holds?role=${role}`);
  await page.getByRole('button', { name: 'Forget By role' }).click();
});

test('what the queue shows leaves as a file: all that was ever held, or what its filters leave', async ({ page }, info) => {
  await hold(page, 'Exporta');
  const take = async (name: string | RegExp) => {
    const arrives = page.waitForEvent('download');
    await page.getByRole('button', { name }).click();
    const download = await arrives;
    expect(download.suggestedFilename()).toBe('held.csv');
    return csvOf(readFileSync(await download.path(), 'utf8'));
  };
  await page.goto('/holds?show=all');
  const all = await take('Export all that was ever held as CSV');
  expect(all.some((row) => row['tool'] === 'crm.create_contact' && (row['arguments'] ?? '').includes('Exporta'))).toBe(true);
  await page.goto('/holds?q=exporta&effect=write');
  const { items } = await (await page.request.get('/api/v1/holds?state=held&q=exporta&effect=write&limit=200')).json();
  expect(items.length).toBeGreaterThan(0);
  const these = page.getByRole('button', { name: `Export these as CSV (${items.length})`, exact: true });
  await expect(these.getByText(info.project.name === 'phone' ? 'CSV' : 'These as CSV', { exact: true }).filter({ visible: true })).toHaveCount(1);
  const narrowed = await take(/^Export these as CSV/);
  expect(narrowed.map((row) => row['hold_id'])).toEqual(items.map((one: { hold_id: string }) => one.hold_id));
  expect(narrowed.every((row) => (row['arguments'] ?? '').includes('Exporta'))).toBe(true);
  // What cannot be had says so, and no page is kept as a file.
  await page.route('**/api/v1/holds?*', (route) => (route.request().headers()['accept'] === 'text/csv' ? route.fulfill({ status: 403, contentType: 'application/problem+json', json: { status: 403, code: 'denied', detail: 'not this time', request_id: 'req_held' } }) : route.continue()));
  await these.click();
  await expect(page.locator('main, header').getByRole('alert').first()).toContainText('not this time');
});

test('several actions are rejected at once, and one that others decided meanwhile stops none of the rest', async ({ page }) => {
  await hold(page, 'Bulka');
  await hold(page, 'Bulkb');
  await hold(page, 'Bulkc');
  await page.goto('/holds');
  const { items } = await (await page.request.get('/api/v1/holds?state=held&limit=200')).json();
  const [first, second, third] = items.slice(0, 3).map((one: { hold_id: string }) => one.hold_id);
  await page.getByRole('button', { name: 'Choose several' }).click();
  await expect(page.getByRole('button', { name: /^Reject them/ })).toHaveAccessibleDescription('Choose the actions first.');
  for (const id of [first, second, third]) await page.locator('li').filter({ has: page.locator(`a[href="/holds/${id}"]`) }).getByRole('checkbox').check();
  await page.getByRole('button', { name: 'Reject 3 actions' }).click();
  const dialog = page.getByRole('dialog', { name: 'Reject 3 actions?' });
  await dialog.getByLabel('Reason').fill('All of this comes from one note.');
  // Somebody else is quicker with one of them.
  await page.route(`**/api/v1/holds/${second}/reject`, async (route) => {
    await page.request.post(`/api/v1/holds/${second}/approve`, { data: { envelope_id: items[1].envelope_id }, headers: { origin: new URL(page.url()).origin } });
    await route.continue();
  });
  await dialog.getByRole('button', { name: 'Reject 3 actions' }).click();
  await expect(page.getByText('2 actions are rejected.')).toBeVisible();
  await expect(page.getByRole('dialog').getByRole('alert')).toBeVisible();
  const states = await Promise.all([first, second, third].map(async (id) => (await (await page.request.get(`/api/v1/holds/${id}`)).json())));
  expect(states.map((one) => [one.state === 'rejected', one.said.at(-1)?.reason ?? null])).toEqual([
    [true, 'All of this comes from one note.'],
    [false, null],
    [true, 'All of this comes from one note.'],
  ]);
});

test('rejections of several actions stop where the dialog is closed, and where nobody answers', async ({ page }) => {
  for (const name of ['Stopqa', 'Stopqb', 'Stopqc']) await hold(page, name);
  await page.goto('/holds?q=contact+stopq');
  const rows = page.getByRole('list', { name: 'Decisions' }).getByRole('listitem');
  await expect(rows).toHaveCount(3);
  await page.getByRole('button', { name: 'Choose several' }).click();
  for (const row of await rows.all()) await row.getByRole('checkbox').check();
  const sent: string[] = [];
  let answer: () => void = () => undefined;
  const isAnswered = new Promise<void>((resolve) => {
    answer = resolve;
  });
  await page.route('**/api/v1/holds/*/reject', async (route) => {
    sent.push(route.request().url());
    await isAnswered;
    await route.continue();
  });
  await page.getByRole('button', { name: 'Reject 3 actions' }).click();
  const dialog = page.getByRole('dialog', { name: /^Reject \d actions\?$/ });
  await dialog.getByRole('button', { name: 'Reject 3 actions' }).click();
  await expect.poll(() => sent.length).toBe(1);
  await dialog.getByRole('button', { name: 'Not now' }).click();
  answer();
  await expect(rows).toHaveCount(2);
  expect(sent).toHaveLength(1);
  // What the network takes away is not tried with each of the rest, and is sent when it is there again.
  await page.unroute('**/api/v1/holds/*/reject');
  await page.route('**/api/v1/holds/*/reject', (route) => {
    sent.push(route.request().url());
    return route.abort();
  });
  await page.getByRole('button', { name: 'Reject 2 actions' }).click();
  await dialog.getByRole('button', { name: 'Reject 2 actions' }).click();
  await expect(dialog.getByRole('alert')).toBeVisible();
  expect(sent).toHaveLength(2);
  await page.unroute('**/api/v1/holds/*/reject');
  await dialog.getByRole('button', { name: 'Reject 2 actions' }).click();
  await expect(page.getByText('2 actions are rejected.')).toBeVisible();
});

test('each row of the queue, and each line of what is rejected at once, says what it is about, whose it is and since when', async ({ page }) => {
  const names = ['Rowqa', 'Rowqb'];
  for (const name of names) await hold(page, name);
  await page.goto('/holds?q=contact+rowq');
  const rows = page.getByRole('list', { name: 'Decisions' }).getByRole('listitem');
  await expect(rows).toHaveCount(2);
  await page.getByRole('button', { name: 'Choose several' }).click();
  for (const name of names) {
    const row = rows.filter({ hasText: `Adds the contact ${name}` });
    await expect(row).toHaveCount(1);
    await expect(row).toContainText(/Held .+ · For you/);
    await row.getByRole('checkbox', { name: `Choose crm.create_contact: Adds the contact ${name}` }).check();
  }
  await page.getByRole('button', { name: 'Reject 2 actions' }).click();
  const dialog = page.getByRole('dialog', { name: 'Reject 2 actions?' });
  for (const name of names) await expect(dialog.getByRole('listitem').filter({ hasText: `Adds the contact ${name}` })).toContainText(/Held .+ · For you/);
  await dialog.getByRole('button', { name: 'Reject 2 actions' }).click();
  await expect(page.getByText('2 actions are rejected.')).toBeVisible();
});

test('a card says what the tool would do', async ({ page }) => {
  // There has to be one before it.
  await freeAddress(page);
  await hold(page, 'Pradobefore');
  await page.getByRole('button', { name: 'Approve' }).click();
  await page.getByRole('button', { name: 'Approve exactly this' }).click();
  await expect(page.getByRole('article').getByText('is in the contacts now').last()).toBeVisible();
  await hold(page, 'Prado');
  await page.getByRole('link', { name: 'Open the whole card' }).click();
  await page.waitForURL(/\/holds\/hold_/);
  const preview = page.locator('section').filter({ has: page.getByRole('heading', { name: 'What it would do, says the tool' }) });
  await expect(preview).toContainText('Adds the contact Prado');
  // On a phone too it is read before anything can be decided, and so is what differs from the last one.
  const top = async (what: Locator) => (await what.boundingBox())?.y ?? 0;
  const buttons = await top(page.getByRole('button', { name: 'Approve' }));
  expect(await top(preview)).toBeLessThan(buttons);
  expect(await top(page.getByRole('heading', { name: 'Compared with the last one' }))).toBeLessThan(buttons);
  await page.goBack();
  await expect(page.getByRole('group', { name: /Held action/ }).getByText('Adds the contact Prado')).toBeVisible();
});

test('a card says which rules would let it, in the words they have for people, with their text behind them', async ({ page }) => {
  await hold(page, 'Rula');
  await page.getByRole('link', { name: 'Open the whole card' }).click();
  await page.waitForURL(/\/holds\/hold_/);
  const { rules } = await (await page.request.get(`/api/v1${new URL(page.url()).pathname}`)).json();
  const all: { id: string; reason: string; text: string }[] = (await (await page.request.get('/api/v1/policies')).json()).rules;
  expect(rules.length).toBeGreaterThan(0);
  const section = page.locator('section').filter({ has: page.getByRole('heading', { name: 'Rules that would let it', exact: true }) });
  await expect(section.getByRole('listitem')).toHaveCount(rules.length);
  for (const id of rules) {
    const rule = all.find((one) => one.id === id);
    const item = section.getByRole('listitem').filter({ has: page.getByText(id, { exact: true }) });
    await expect(item).toContainText(rule?.reason ?? 'a rule without a reason');
    await item.locator('summary').click();
    await expect(item.locator('pre')).toContainText(`@id("${id}")`);
  }
});

test('a card says what its run cost', async ({ page }) => {
  await hold(page, 'Costa');
  await page.getByRole('link', { name: 'Open the whole card' }).click();
  await page.waitForURL(/\/holds\/hold_/);
  await expect(page.getByRole('term').filter({ hasText: 'Its run cost so far' })).toBeVisible();
  await expect(page.getByRole('definition').filter({ hasText: /^\$0\.00\d\d$/ })).toBeVisible();
});

test('an action is edited where it stands in the chat, and approved there', async ({ page }) => {
  await freeAddress(page);
  await hold(page, 'Inlina');
  const card = page.getByRole('group', { name: /Held action crm.create_contact/ });
  await card.getByRole('button', { name: 'Edit' }).click();
  const dialog = page.getByRole('dialog', { name: 'Edit what would be done' });
  await dialog.getByLabel('name').fill('Inlina Edited');
  await dialog.getByRole('button', { name: 'Put it in its place' }).click();
  await expect(page.getByText('It waits as you wrote it.')).toBeVisible();
  // The conversation stays, and has the other card by itself.
  await expect(page).toHaveURL(/\/chat\/conv_/);
  await expect(card.getByText('Inlina Edited', { exact: true }).first()).toBeVisible();
  await card.getByRole('button', { name: 'Approve' }).click();
  await page.getByRole('button', { name: 'Approve exactly this' }).click();
  await expect(page.getByRole('article').getByText('is in the contacts now').last()).toBeVisible();
  const found = await (await page.request.get('/api/v1/contacts?q=inlina')).json();
  expect(found.items.map((one: { display_name: string }) => one.display_name)).toEqual(['Inlina Edited']);
});

test('an action is sent back with guidance, and the agent proposes again in these terms', async ({ page }) => {
  await hold(page, 'Revisa');
  const card = page.getByRole('group', { name: /Held action crm.create_contact/ });
  await card.getByRole('button', { name: 'Do it otherwise' }).click();
  const dialog = page.getByRole('dialog', { name: 'How should it be done instead?' });
  await dialog.getByRole('button', { name: 'Do it otherwise' }).click();
  // Without guidance there is nothing to send.
  await expect(dialog).toBeVisible();
  await dialog.getByLabel('For the agent').fill('Call them Guida.');
  await dialog.getByRole('button', { name: 'Do it otherwise' }).click();
  await expect(page.getByText('Sent back. The agent proposes again.')).toBeVisible();
  await expect(card.getByText('Guida', { exact: true }).first()).toBeVisible({ timeout: 15_000 });
  await expect(card).toHaveCount(1);
  // The first one is over, with what was said.
  const over = page.locator('details', { hasText: 'Revisa' }).filter({ hasText: 'create contact' });
  await expect(over.locator('summary').first()).toContainText('Call them Guida.');
  await card.getByRole('button', { name: 'Reject' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Reject' }).click();
  await expect(page.getByRole('article').getByText('It was refused, so nobody was added.').last()).toBeVisible();
});

test('what takes two people waits until both have said yes', async ({ page, browser, baseURL }, info) => {
  await say(page, 'Change the website in the note on Ada.');
  const card = page.getByRole('group', { name: /Held action crm.update_company/ });
  await expect(card).toContainText('(2 different people)');
  const link = (await page.getByRole('link', { name: 'Open the whole card' }).getAttribute('href')) ?? '';
  await card.getByRole('button', { name: 'Approve' }).click();
  await page.getByRole('button', { name: 'Approve exactly this' }).click();
  await expect(page.getByText('Your yes is noted. Others are still needed.')).toBeVisible();
  await expect(card.getByText('Yes:')).toBeVisible();
  await expect(card.getByRole('button', { name: 'Approve' })).toHaveAccessibleDescription('You have said yes. Others are still needed.');
  await expect(page.getByText('The website is changed.', { exact: true })).toHaveCount(0);

  // Both are of one of the roles that suffice: a manager's yes beside an owner's is not enough.
  const invited = await page.request.post('/api/v1/people', { data: { email: `quorum-${info.project.name}@example.org`, display_name: 'Quinn Quorum', roles: [{ role: 'owner' }] }, headers: { origin: baseURL ?? '' } });
  expect(invited.status(), await invited.text()).toBe(201);
  const other = await browser.newContext({ baseURL, storageState: { cookies: [], origins: [] } });
  const their = await other.newPage();
  await their.goto((await invited.json()).sign_in_link);
  await their.getByRole('button', { name: 'Sign in with this link' }).click();
  await their.waitForURL('/chat');
  await their.goto(link);
  await expect(their.getByRole('group', { name: /Held action/ }).getByText('Yes:')).toBeVisible();
  await their.getByRole('button', { name: 'Approve' }).click();
  await their.getByRole('button', { name: 'Approve exactly this' }).click();
  await expect(their.getByText('Approved. The run goes on.')).toBeVisible();
  await other.close();
  await expect(page.getByRole('article').getByText('The website is changed.', { exact: true }).last()).toBeVisible({ timeout: 15_000 });
});

test('what lapses first stands first in the queue', async ({ page }) => {
  await hold(page, 'Urgenta');
  await hold(page, 'Urgentb');
  const { items } = await (await page.request.get('/api/v1/holds?state=held&limit=200')).json();
  const order = items.map((one: { hold_id: string }) => one.hold_id);
  expect(items.map((one: { expires_at: string }) => one.expires_at)).toEqual(items.map((one: { expires_at: string }) => one.expires_at).toSorted());
  await page.goto('/holds');
  const rows = page.getByRole('list', { name: 'Decisions' }).getByRole('link');
  await expect(rows.first()).toHaveAttribute('href', `/holds/${order[0]}`);
  const shown = await rows.evaluateAll((all) => all.map((one) => one.getAttribute('href')));
  expect(shown).toEqual(order.slice(0, shown.length).map((id: string) => `/holds/${id}`));
});

test('characters that nobody would see are marked wherever an action is looked at before it is approved', async ({ page }) => {
  await hold(page, 'Unseena');
  const marked = 'Unseena⟨U+202E⟩⟨U+200B⟩';
  const warning = 'It has characters that nobody sees. They are marked.';
  const card = page.getByRole('group', { name: /Held action/ });
  await expect(card.getByText(marked, { exact: true }).first()).toBeVisible();
  await expect(card.getByText(warning)).toBeVisible();
  await page.getByRole('link', { name: 'Open the whole card' }).click();
  await page.waitForURL(/\/holds\/hold_/);
  await expect(card.getByText(warning)).toBeVisible();
  await page.keyboard.press('a');
  const dialog = page.getByRole('dialog', { name: 'Approve exactly this?' });
  await expect(dialog.getByText(marked, { exact: true })).toBeVisible();
  await expect(dialog.getByText(warning)).toBeVisible();
  await page.keyboard.press('Escape');
  await page.keyboard.press('e');
  await expect(page.getByLabel('name', { exact: true })).toHaveAccessibleDescription('It has characters that nobody sees.');
  await page.keyboard.press('Escape');
  // Of an ordinary action nothing of the kind is said.
  await hold(page, 'Seena');
  await expect(card.getByText(warning)).toHaveCount(0);
});
