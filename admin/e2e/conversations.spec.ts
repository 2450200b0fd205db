import { expect, firstWorkspace, say, test } from './fixtures';

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
  // On a phone the list begins below the fold, and has no more rows than are near to be seen.
  await list.getByRole('link').first().scrollIntoViewIfNeeded();
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

test('hundreds of conversations are all there, few at a time, and the search finds the oldest', async ({ page }) => {
  const ALL = 450;
  const of = (nth: number) => ({ conversation_id: `conv_${String(nth).padStart(26, '0')}`, workspace_id: 'ws_1', agent: 'assistant', title: `Talk number ${nth}.`, created_at: '2026-01-01T00:00:00Z', changed_at: '2026-01-01T00:00:00Z' });
  const pages: number[] = [];
  await page.route('**/api/v1/conversations?*', (route) => {
    const asked = new URL(route.request().url()).searchParams;
    const [from, limit] = [Number(asked.get('cursor') ?? '0'), Number(asked.get('limit'))];
    pages.push(from);
    const items = Array.from({ length: Math.min(limit, ALL - from) }, (_, at) => of(ALL - from - at));
    return route.fulfill({ json: { items, next_cursor: from + limit < ALL ? String(from + limit) : null } });
  });
  await page.goto('/chat');
  const list = page.getByRole('list', { name: 'Conversations' }).filter({ visible: true });
  await expect(list.getByRole('link', { name: /^Talk number 450\./ })).toBeVisible();
  expect(pages).toEqual([0]);
  let most = 0;
  await expect
    .poll(
      async () => {
        most = Math.max(most, await list.getByRole('listitem').count());
        await page.evaluate(() => document.querySelectorAll('[data-scrolls]').forEach((one) => one.scrollBy(0, 2_000)));
        return list.getByRole('link', { name: /^Talk number 1\./ }).isVisible();
      },
      { intervals: [50] },
    )
    .toBe(true);
  expect(most).toBeLessThan(80);
  await expect(list.getByRole('listitem').last()).toHaveAttribute('aria-setsize', String(ALL));

  // What was not asked for yet is looked through too.
  pages.length = 0;
  await page.reload();
  const search = page.getByRole('searchbox', { name: 'Search conversations' }).filter({ visible: true });
  await search.fill('number 7.');
  await expect(list.getByRole('link', { name: /^Talk number 7\./ })).toBeVisible();
  expect([...pages].sort((a, b) => a - b)).toEqual([0, 200, 400]);
  await search.fill('no such talk');
  await expect(page.getByText('Nothing matches').filter({ visible: true })).toBeVisible();
});

test('a long conversation begins with what was said last, and what was said before is asked for', async ({ page }) => {
  const TURNS = 120;
  await page.goto('/chat');
  const headers = { origin: new URL(page.url()).origin };
  const made = await (await page.request.post('/api/v1/conversations', { data: { agent: 'assistant', title: 'A long one', workspace_id: await firstWorkspace(page) }, headers })).json();
  const all = Array.from({ length: TURNS }, (_, at) =>
    [false, true].map((byAgent) => ({
      message_id: `msg_${String(at * 2 + Number(byAgent)).padStart(26, '0')}`,
      run_id: null,
      by_agent: byAgent,
      text: byAgent ? `Answer ${at + 1}.` : `Question ${at + 1}?`,
      attachments: [],
      schedule_id: null,
      citations: [],
      cost_micros: null,
      integrity: 'owner',
      created_at: new Date(Date.UTC(2026, 0, 1, 0, at)).toISOString(),
    })),
  ).flat();
  await page.route(`**/api/v1/conversations/${made.conversation_id}/messages?*`, (route) => {
    const asked = new URL(route.request().url()).searchParams;
    const ordered = asked.get('order') === 'newest' ? [...all].reverse() : all;
    const [from, limit] = [Number(asked.get('cursor') ?? '0'), Number(asked.get('limit'))];
    return route.fulfill({ json: { items: ordered.slice(from, from + limit), next_cursor: from + limit < all.length ? String(from + limit) : null } });
  });
  await page.goto(`/chat/${made.conversation_id}`);
  const turns = page.getByRole('article', { name: 'Message and answer' });
  await expect(turns.last()).toContainText(`Question ${TURNS}?`);
  await expect(turns.last()).toBeInViewport();
  await expect(turns).toHaveCount(50);
  const before = page.getByRole('button', { name: 'Show what was said before' });
  const first = turns.filter({ hasText: `Question ${TURNS - 49}?` });
  await before.scrollIntoViewIfNeeded();
  await before.click();
  await expect(turns).toHaveCount(100);
  // What was read stays where it was.
  await expect(first).toBeInViewport();
  await before.click();
  await expect(turns).toHaveCount(TURNS);
  await expect(turns.first()).toContainText('Question 1?');
  await expect(before).toHaveCount(0);
});

test('a first line is cut between letters, so that every text can be a first message', async ({ page }) => {
  const title = `${'x'.repeat(79)}😀`;
  await say(page, `${title} hi`);
  await expect(page.getByRole('article').getByText('Hello. I look things up', { exact: false }).last()).toBeVisible();
  const { items } = await (await page.request.get('/api/v1/conversations')).json();
  expect(items.map((one: { title: string }) => one.title)).toContain(title);
});
