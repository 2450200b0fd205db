import { expect, firstWorkspace, test } from './fixtures';

/** As many as there have to be before there is something to search. */
const MANY = 9;

test('conversations are listed, newest first, searched by their names and opened', async ({ page }, info) => {
  await page.goto('/chat');
  const headers = { origin: new URL(page.url()).origin };
  const workspace_id = await firstWorkspace(page);
  const tag = `Talk ${info.project.name}`;
  for (let at = 1; at <= MANY; at += 1) {
    const made = await page.request.post('/api/v1/conversations', { data: { agent: 'assistant', title: `${tag} ${at}`, workspace_id }, headers });
    expect(made.status(), await made.text()).toBe(201);
  }
  await page.reload();
  const list = page.getByRole('region', { name: 'Conversations' }).filter({ visible: true });
  const rows = list.getByRole('link').filter({ hasText: tag });
  await expect(rows).toHaveCount(MANY);
  await expect(rows.first()).toContainText(`${tag} ${MANY}`);
  const words = list.getByRole('searchbox');
  await words.fill('no such conversation anywhere');
  await expect(list.getByText('Nothing matches')).toBeVisible();
  await list.getByRole('button', { name: 'Clear filters' }).click();
  await expect(words).toHaveValue('');
  await words.fill(`${tag.toUpperCase()} 3`);
  await expect(rows).toHaveCount(1);
  await rows.click();
  await page.waitForURL(/\/chat\/conv_/);
  await expect(page.getByRole('heading', { level: 1, name: `${tag} 3` })).toBeVisible();
  await expect(page.getByText('Nothing was said yet')).toBeVisible();
  if (info.project.name === 'phone') {
    // One at a time: the way back leads to the list.
    await page.getByRole('link', { name: 'Back' }).click();
    await expect(page).toHaveURL('/chat');
    return;
  }
  await expect(list.getByRole('link', { name: new RegExp(`${tag} 3`) })).toHaveAttribute('aria-current', 'page');
  await list.getByRole('link', { name: 'New' }).click();
  await expect(page).toHaveURL('/chat');
});

test('a conversation that is not there, or of somebody else, is not there', async ({ page }) => {
  await page.goto('/chat/conv_00000000000000000000000001');
  await expect(page.getByRole('heading', { name: 'There is nothing here' })).toBeVisible();
});
