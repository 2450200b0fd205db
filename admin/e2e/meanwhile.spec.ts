/** What others do while somebody decides. */
import type { Page } from '@playwright/test';
import { expect, hold, say, test } from './fixtures';
import { linkOf, managerOf, proposal } from './proposals';
import { world } from './world';

/** The address of the held action whose card stands in the chat. */
async function cardOf(page: Page): Promise<string> {
  return (await page.getByRole('link', { name: 'Open the whole card' }).getAttribute('href')) ?? '';
}

/** Somebody else is quicker. */
async function reject(page: Page, card: string): Promise<void> {
  const done = await page.request.post(`/api/v1${card}/reject`, { data: { reason: 'no' }, headers: { origin: world().origin } });
  expect(done.status(), await done.text()).toBe(200);
}

test('what is being written about an action stays when somebody else decides, and is not sent any more', async ({ page }) => {
  await hold(page, 'Meana');
  await page.goto(await cardOf(page));
  await page.getByRole('button', { name: 'Edit' }).click();
  const edit = page.getByRole('dialog', { name: 'Edit what would be done' });
  await edit.getByLabel('name', { exact: true }).fill('Written with care');
  await reject(page, new URL(page.url()).pathname);
  await expect(edit.getByRole('alert')).toHaveText('It was refused and did not happen. Nothing can be sent any more. What you wrote stays here until you close it.', { timeout: 15_000 });
  await expect(edit.getByLabel('name', { exact: true })).toHaveValue('Written with care');
  await expect(edit.getByRole('button', { name: 'Put it in its place' })).toHaveAttribute('aria-disabled', 'true');
  await page.keyboard.press('Escape');
  await expect(edit).toHaveCount(0);
  await expect(page.getByRole('button', { name: 'Edit' })).toHaveCount(0);

  // Where it stands in a conversation, too.
  await hold(page, 'Meanb');
  const card = await cardOf(page);
  await page.getByRole('button', { name: 'Do it otherwise' }).click();
  const revise = page.getByRole('dialog', { name: 'How should it be done instead?' });
  await revise.getByLabel('For the agent').fill('Call them by their whole name.');
  await reject(page, card);
  await expect(revise.getByRole('alert')).toContainText('It was refused and did not happen.', { timeout: 15_000 });
  await expect(page.getByRole('article').getByText('It was refused, so nobody was added.').last()).toBeAttached();
  await expect(revise.getByLabel('For the agent')).toHaveValue('Call them by their whole name.');
  const sent: string[] = [];
  page.on('request', (request) => {
    if (request.url().endsWith('/revise')) sent.push(request.url());
  });
  await revise.getByRole('button', { name: 'Do it otherwise' }).click({ force: true });
  await revise.getByLabel('For the agent').press('Control+Enter');
  expect(sent).toEqual([]);
  await revise.getByRole('button', { name: 'Not now' }).click();
  await expect(page.getByRole('group', { name: /Held action/ })).toHaveCount(0);
  await expect(page.locator('details', { hasText: 'create contact' }).first()).toBeVisible();
});

test('whoever decides is told that it counts, also where no list is answered any more', async ({ page }) => {
  await hold(page, 'Silenta');
  await page.goto(await cardOf(page));
  await page.getByRole('button', { name: 'Reject' }).click();
  // A network that breaks answers nothing, and does not say so.
  await page.route('**/api/v1/holds?*', () => undefined);
  await page.getByRole('dialog').getByRole('button', { name: 'Reject' }).click();
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await expect(page.getByRole('group', { name: /Held action/ }).getByText('It was refused and did not happen.')).toBeVisible();
});

test('what is being written about a run without room stays when somebody else decides', async ({ page }) => {
  const headers = { origin: world().origin };
  const me = await (await page.request.get('/api/v1/me')).json();
  const limit = async (cap_micros: number) => {
    expect((await page.request.put('/api/v1/budgets', { data: { scope: 'person', scope_id: me.person_id, period: 'total', cap_micros }, headers })).status()).toBe(200);
  };
  await limit(0);
  try {
    await say(page, 'Who is Ada, meanwhile without money?');
    await page.getByRole('link', { name: 'Decide under budgets' }).click();
    await page.getByRole('listitem').filter({ hasText: 'Run of assistant' }).first().getByRole('button', { name: 'End it' }).click();
    const dialog = page.getByRole('dialog', { name: 'End the run' });
    await dialog.getByLabel('Why').fill('It can wait until Monday.');
    const { items } = await (await page.request.get('/api/v1/budgets/holds?state=held')).json();
    for (const one of items) expect((await page.request.post(`/api/v1/budgets/holds/${one.budget_hold_id}/refuse`, { data: { reason: 'no' }, headers })).ok()).toBe(true);
    await expect(dialog.getByRole('alert')).toContainText('This run no longer waits for room', { timeout: 20_000 });
    await expect(dialog.getByLabel('Why')).toHaveValue('It can wait until Monday.');
    await expect(dialog.getByRole('button', { name: 'End it' })).toHaveAttribute('aria-disabled', 'true');
  } finally {
    await limit(1_000_000_000);
  }
});

test('what is being written about a proposed change stays when it is taken back', async ({ page }, info) => {
  const their = await managerOf(page.request, 'Mea Meanwhile');
  const id = await proposal(their, `Finds files, meanwhile on a ${info.project.name}.`);
  await page.goto(`/changes/${id}`);
  await page.getByRole('button', { name: 'Reject' }).click();
  const dialog = page.getByRole('dialog', { name: 'Reject this change?' });
  await dialog.getByLabel('Why').fill('It says too little.');
  expect((await their.post(`/api/v1/changes/${id}/withdraw`, { headers: { origin: world().origin } })).ok()).toBe(true);
  await expect(dialog.getByRole('alert')).toContainText('Somebody decided on this meanwhile, or took it back.', { timeout: 15_000 });
  await expect(dialog.getByLabel('Why')).toHaveValue('It says too little.');
  await expect(dialog.getByRole('button', { name: 'Reject' })).toHaveAttribute('aria-disabled', 'true');
  await their.dispose();
});

test('what is not there is asked for once', async ({ page }) => {
  let asked = 0;
  await page.route(/\/api\/v1\/(holds|changes)\/(hold|change)_/, (route) => {
    asked += 1;
    return route.continue();
  });
  await page.clock.install();
  for (const path of ['/holds/hold_00000000000000000000000001', '/changes/change_00000000000000000000000001']) {
    asked = 0;
    await page.goto(path);
    await expect(page.locator('main').getByText(/nothing you may know of|There is nothing here/).first()).toBeVisible();
    // Long enough for it to have been asked for four times.
    await page.clock.runFor(20_000);
    expect(asked, path).toBe(1);
  }
});

test('a card that somebody else edits while it is looked at refuses, says what is different, and leads to what waits now', async ({ page, browser }) => {
  const { origin } = world();
  await hold(page, 'Changa');
  const card = await cardOf(page);
  const other = await browser.newContext({ baseURL: origin, storageState: { cookies: [], origins: [] }, serviceWorkers: 'block', locale: 'en-US' });
  const their = await other.newPage();
  await their.goto(`/sign-in#token=${await linkOf(page.request, 'Ed Editor')}`);
  await their.getByRole('button', { name: 'Sign in with this link' }).click();
  await their.waitForURL('/chat');
  await their.goto(card);
  await their.getByRole('button', { name: 'Edit' }).click();
  const edit = their.getByRole('dialog', { name: 'Edit what would be done' });
  await edit.getByLabel('name', { exact: true }).fill('Somebody else');

  await page.goto(card);
  await page.getByRole('button', { name: 'Approve' }).click();
  await expect(page.getByRole('dialog', { name: 'Approve exactly this?' })).toBeVisible();
  await edit.getByRole('button', { name: 'Put it in its place' }).click();
  await expect(their.getByText('It waits as you wrote it.')).toBeVisible();
  await page.keyboard.press('Enter');
  const said = page.getByRole('group', { name: /Held action/ }).getByRole('alert');
  await expect(said).toContainText('It was edited: another action waits in its place.', { timeout: 15_000 });
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await expect(page.getByRole('button', { name: 'Approve' })).toHaveCount(0);
  // What differs is said with what was there, and nothing of what is the same.
  await expect(said.getByRole('listitem').filter({ hasText: 'Somebody else' })).toHaveText(/then: Changa now: Somebody else$/);
  await expect(said.getByRole('listitem').filter({ hasText: 'mallory@engines.example' })).toHaveCount(0);
  const before = await (await page.request.get(`/api/v1${card}`)).json();
  expect([before.state, before.said, before.arguments.name]).toEqual(['edited', [], 'Changa']);
  await said.getByRole('link', { name: 'Show what waits now' }).click();
  await expect(page).toHaveURL(`/holds/${before.edited_into}`);
  await expect(page.getByRole('group', { name: /Held action/ }).getByText('Somebody else', { exact: true }).first()).toBeVisible();
  await expect(page.getByRole('button', { name: 'Approve' })).not.toHaveAttribute('aria-disabled');
  const now = await (await page.request.get(`/api/v1/holds/${before.edited_into}`)).json();
  expect([now.state, now.said, now.edits]).toEqual(['held', [], before.hold_id]);
  await other.close();
});
