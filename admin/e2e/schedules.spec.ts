import type { Page } from '@playwright/test';
import { expect, firstWorkspace, say, test } from './fixtures';

const MINUTE_MS = 60_000;

/** The card of a schedule that says this. */
function card(page: Page, text: string) {
  return page.getByRole('main').getByRole('listitem').filter({ has: page.getByRole('heading', { name: text, exact: true }) });
}

async function plan(page: Page, body: Record<string, unknown>): Promise<{ schedule_id: string }> {
  const headers = { origin: new URL(page.url()).origin };
  const made = await page.request.post('/api/v1/schedules', { data: { agent: 'assistant', workspace_id: await firstWorkspace(page), ...body }, headers });
  expect(made.status(), await made.text()).toBe(201);
  return made.json();
}

test('something is planned for every week, paused, resumed and taken away', async ({ page }, info) => {
  const text = `What is new, ${info.project.name}?`;
  await page.goto('/schedules');
  await page.getByRole('button', { name: 'New schedule' }).click();
  const form = page.getByRole('dialog', { name: 'New schedule' });
  await expect(form.getByLabel('What should be said')).toBeFocused();
  await expect(form.getByRole('button', { name: 'Plan it' })).toHaveAccessibleDescription('Write what should be said.');
  await form.getByLabel('What should be said').fill(text);
  await form.getByRole('checkbox', { name: 'Wednesday' }).check();
  await form.getByLabel('Time', { exact: true }).fill('14:30');
  await form.getByLabel('Time zone').selectOption('Europe/Berlin');
  await expect(form.getByRole('status')).toHaveText('Every Monday and Wednesday at 2:30 PM (by the clock of Europe/Berlin)');
  await form.getByRole('button', { name: 'Plan it' }).click();
  await expect(form).toHaveCount(0);
  const own = card(page, text);
  await expect(own.getByText('Every Monday and Wednesday at 2:30 PM')).toBeVisible();
  await expect(own.getByText('to come')).toBeVisible();
  // How long until then, and the exact moment on hover.
  await expect(own.locator('time').first()).toHaveAttribute('title', /\d{4}/);
  await own.getByRole('button', { name: 'Pause' }).click();
  await expect(own.getByText('paused', { exact: true })).toBeVisible();
  await page.getByRole('button', { name: 'To come' }).click();
  await expect(page).toHaveURL(/show=next/);
  await expect(own).toHaveCount(0);
  await page.getByRole('button', { name: 'Paused' }).click();
  await own.getByRole('button', { name: 'Resume' }).click();
  await expect(own).toHaveCount(0);
  await page.getByRole('button', { name: 'All', exact: true }).click();
  await own.getByRole('button', { name: 'Remove' }).click();
  await own.getByRole('button', { name: 'Keep' }).click();
  await own.getByRole('button', { name: 'Remove' }).click();
  await own.getByRole('button', { name: 'Remove now' }).click();
  await expect(own).toHaveCount(0);
  const isWide = await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
  expect(isWide).toBe(false);
});

test('a time that cannot be is refused in the form, and a filter that fits nothing says so', async ({ page }) => {
  await page.goto('/schedules?new=1');
  const form = page.getByRole('dialog', { name: 'New schedule' });
  await form.getByLabel('What should be said').fill('Too often.');
  await form.getByRole('button', { name: 'Cron' }).click();
  await expect(form.getByRole('button', { name: 'Plan it' })).toHaveAccessibleDescription('Say when.');
  await form.getByLabel('Cron expression').fill('*/5 * * * *');
  await expect(form.getByRole('status')).toContainText('Every 5 minutes');
  await form.getByRole('button', { name: 'Plan it' }).click();
  await expect(form.getByRole('alert')).toContainText('more than once in 15 minutes');
  await form.getByRole('button', { name: 'Once' }).click();
  await form.getByLabel('Moment').fill('2020-01-01T09:00');
  await form.getByRole('button', { name: 'Plan it' }).click();
  await expect(form.getByRole('alert')).toContainText('is over');
  await form.getByRole('button', { name: 'Cancel' }).click();
  await expect(form).toHaveCount(0);
  expect((await (await page.request.get('/api/v1/schedules')).json()).items.filter((one: { text: string }) => one.text === 'Too often.')).toEqual([]);
  await page.route('**/api/v1/schedules?*', async (route) => {
    await route.fulfill({ json: { items: [], next_cursor: null } });
  });
  await page.goto('/schedules');
  await expect(page.getByText('Nothing is planned')).toBeVisible();
  await page.unroute('**/api/v1/schedules?*');
  await page.goto('/schedules?show=over');
  await expect(page.getByText('Nothing matches').or(page.getByText('over', { exact: true }).first())).toBeVisible();
});

test('what a schedule says is shown in the chat as its own, and leads to it', async ({ page }) => {
  await page.goto('/schedules');
  const text = `Who is Ada, asked at ${Date.now()}?`;
  const { schedule_id: id } = await plan(page, { text, at: new Date(Date.now() + 2_000).toISOString() });
  let run = '';
  await expect(async () => {
    const { last } = await (await page.request.get(`/api/v1/schedules/${id}`)).json();
    run = String(last.run_id);
    expect(run).toMatch(/^run_/);
  }).toPass({ timeout: 2 * MINUTE_MS });
  const { conversation_id: conversation } = await (await page.request.get(`/api/v1/runs/${run}`)).json();
  await page.goto(`/chat/${conversation}`);
  const turn = page.getByRole('article').first();
  await expect(turn.getByText('Said by your schedule')).toBeVisible();
  await turn.getByRole('link', { name: 'Open the schedule' }).click();
  await expect(page).toHaveURL(`/schedules?one=${id}`);
  await expect(page.getByRole('heading', { name: text })).toBeVisible();
  await expect(page.getByText('over', { exact: true })).toBeVisible();
  await page.getByRole('link', { name: 'Open the run' }).click();
  await expect(page).toHaveURL(`/runs/${run}`);
  // Gone, and said so where something leads to it.
  const headers = { origin: new URL(page.url()).origin };
  expect((await page.request.delete(`/api/v1/schedules/${id}`, { headers })).status()).toBe(204);
  await page.goto(`/chat/${conversation}`);
  await page.getByRole('link', { name: 'Open the schedule' }).click();
  await expect(page.getByText('This schedule is gone')).toBeVisible();
});

test('what an agent planned says so, and for how much its text counts', async ({ page }) => {
  await say(page, 'Plan a look at the deals for every Monday.');
  await expect(page.getByRole('article').getByText('It is planned for Mondays.').last()).toBeVisible();
  await page.goto('/schedules');
  const own = card(page, 'Which deals are open?').first();
  await expect(own.getByText('An agent planned this for you.')).toBeVisible();
  await expect(own.getByText('Its text counts as a fact when it is said', { exact: false })).toBeVisible();
  await own.getByRole('link', { name: 'Open the run' }).first().click();
  await expect(page).toHaveURL(/\/runs\/run_/);
});

test('documents and schedules are reached by the palette and by keys', async ({ page }) => {
  await page.goto('/health');
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  await page.keyboard.press('g');
  await page.keyboard.press('f');
  await expect(page).toHaveURL('/documents');
  await expect(page.getByRole('heading', { level: 1, name: 'Documents' })).toBeVisible();
  await page.keyboard.press('g');
  await page.keyboard.press('w');
  await expect(page).toHaveURL('/schedules');
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox').fill('put a doc');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('dialog', { name: 'Put documents in' })).toBeVisible();
});
