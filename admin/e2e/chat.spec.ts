import { expect, say, test } from './fixtures';

test('a question is answered with its steps, and each value says where it came from', async ({ page }) => {
  await say(page, 'Who is Ada?');
  await expect(page.getByRole('article').getByText('works at').last()).toBeVisible();
  await expect(page.getByRole('cell', { name: 'ada@engines.example' })).toBeVisible();
  const call = page.locator('details', { hasText: 'find contacts' });
  await call.locator('summary').first().click();
  await expect(call.getByText('your words')).toBeVisible();
  await expect(call.getByText('read', { exact: true })).toBeVisible();
  await expect(page.getByText('2 steps')).toBeVisible();
  await page.reload();
  await expect(page.getByRole('cell', { name: 'ada@engines.example' })).toBeVisible();
});

test('what the agent may not do is blocked, with the reason in view', async ({ page }) => {
  await say(page, 'Do something forbidden.');
  const call = page.locator('details', { hasText: 'bank' });
  await expect(call.getByText('blocked', { exact: true })).toBeVisible();
  await expect(page.getByText('That is not possible here.', { exact: true })).toBeVisible();
  await expect(call.locator('summary').first()).toContainText('the agent has no tool');
});

test('words of a model are never code, its pictures are not loaded and its links say where they lead', async ({ page }) => {
  const asked: string[] = [];
  page.on('request', (request) => asked.push(request.url()));
  await say(page, 'Show me something hostile.');
  await expect(page.getByText('(from evil.example, not loaded)')).toBeVisible();
  await expect(page.getByRole('link', { name: /your bank/ })).toContainText('(evil.example)');
  await expect(page.getByRole('link', { name: /your bank/ })).toHaveAttribute('rel', /noopener noreferrer/);
  await expect(page.getByRole('link', { name: 'run', exact: true })).toHaveCount(0);
  await expect(page.locator('main img, main script')).toHaveCount(0);
  await expect(page).toHaveTitle(/Steward/);
  expect(asked.filter((url) => !url.startsWith(new URL(page.url()).origin) && !url.startsWith('data:'))).toEqual([]);
});

test('a run is stopped while it speaks', async ({ page }) => {
  await say(page, 'Count slowly.');
  await expect(page.getByText(/word3/)).toBeVisible();
  await page.getByRole('button', { name: 'Stop' }).click();
  await expect(page.getByText('Stopped', { exact: true })).toBeVisible();
  await expect(page.getByRole('button', { name: 'Send' })).toBeVisible();
});

test('a network that breaks in the middle loses nothing', async ({ page, context }) => {
  await say(page, 'Speak slowly to me.');
  await expect(page.getByText(/word5/)).toBeVisible();
  await context.setOffline(true);
  await expect(page.getByText('Connection lost.', { exact: false })).toBeVisible();
  await context.setOffline(false);
  await expect(page.getByRole('article').getByText(/^word1 word2 .* word60$/)).toBeVisible({ timeout: 20_000 });
  await expect(page.getByText('Connection lost.', { exact: false })).toHaveCount(0);
});
