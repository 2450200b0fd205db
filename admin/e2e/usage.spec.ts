import { readFileSync } from 'node:fs';
import { csvOf } from './csv';
import { expect, say, test } from './fixtures';

test('what was used is summed by day and by model, as bars and as a table, and leaves as a file', async ({ page }, info) => {
  await say(page, 'Who is Ada?');
  await expect(page.getByRole('cell', { name: 'ada@engines.example' })).toBeVisible();
  await page.goto('/usage');
  const table = page.getByRole('region', { name: 'The same in numbers' });
  await expect(table.getByRole('row')).toHaveCount(2);
  // A day stands in one line, on a phone too.
  expect(await table.getByRole('rowheader').first().evaluate((cell) => getComputedStyle(cell).whiteSpace)).toBe('nowrap');
  await expect(page.getByText(/^\$[\d.,]+ together$/)).toBeVisible();
  await page.screenshot({ path: `test-results/usage-day-${info.project.name}.png` });
  await page.getByRole('group', { name: 'By' }).getByRole('button', { name: 'Model' }).click();
  await expect(page).toHaveURL(/by=model/);
  await expect(table.getByRole('rowheader', { name: 'strong/scripted' })).toBeVisible();
  await page.screenshot({ path: `test-results/usage-model-${info.project.name}.png` });
  await page.getByRole('group', { name: 'By' }).getByRole('button', { name: 'Tool' }).click();
  for (const name of ['Instructions', 'Requests', 'Sent and received']) await expect(table.getByRole('columnheader', { name })).toBeVisible();
  await expect(table.getByRole('rowheader').filter({ hasText: 'crm' }).first()).toBeVisible();
  await page.screenshot({ path: `test-results/usage-tool-${info.project.name}.png` });
  for (const [by, who] of [
    ['Prompt', /^assistant@/],
    ['Person', 'you'],
    ['Agent', 'assistant'],
  ] as const) {
    await page.getByRole('group', { name: 'By' }).getByRole('button', { name: by }).click();
    await expect(page).toHaveURL(new RegExp(`by=${by.toLowerCase()}`));
    await expect(table.getByRole('columnheader', { name: by })).toBeVisible();
    await expect(table.getByRole('rowheader', { name: who }).first()).toBeVisible();
  }
  await page.getByRole('group', { name: 'By' }).getByRole('button', { name: 'Tool' }).click();
  await expect(table.getByRole('columnheader', { name: 'Instructions' })).toBeVisible();
  expect(await page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth)).toBe(true);
  // What may be spent stands beside what was.
  const limits = page.getByRole('region', { name: 'Limits' });
  await expect(limits.getByRole('meter', { name: 'Analytical Engines' }).first()).toHaveAttribute('aria-valuetext', /^\$[\d.,]+ of \$25\.00 spent$/);
  const waiting = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Export as CSV' }).click();
  const rows = csvOf(readFileSync(await (await waiting).path(), 'utf8'));
  expect(Object.keys(rows[0] ?? {})).toEqual(['tool', 'runs', 'times', 'tokens', 'cost_micros', 'fuel', 'ms', 'requests', 'bytes']);
  expect(Number(rows.find((row) => row['tool'] === 'crm.find_contacts')?.['times'])).toBeGreaterThan(0);
});

test('a time in which nothing ran says so, and what is no time is the usual one', async ({ page }) => {
  await page.route('**/api/v1/usage*', async (route) => {
    // As if it were long ago: the server answers for a day before anything ran.
    await route.continue({ url: route.request().url().replace(/from=[^&]*/, 'from=2020-01-01').replace(/to=[^&]*/, 'to=2020-02-01') });
  });
  await page.goto('/usage?by=nonsense&days=nonsense');
  await expect(page.getByText('Nothing was used')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Day', exact: true })).toHaveAttribute('aria-pressed', 'true');
});
