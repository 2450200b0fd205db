import type { Page } from '@playwright/test';
import { expect, firstWorkspace, test } from './fixtures';
import { AUDITOR, world } from './world';

test('a company is written down, changed and noted on', async ({ page }, info) => {
  const name = `Looms of ${info.project.name}`;
  await page.goto('/companies');
  await page.getByRole('button', { name: 'Add' }).click();
  const form = page.getByRole('dialog', { name: 'New company' });
  await form.getByLabel('Name').fill(name);
  await form.getByLabel('Website').fill('https://looms.example');
  await form.getByRole('button', { name: 'Save' }).click();
  await expect(form).toHaveCount(0);
  await page.getByPlaceholder('Name or website').fill('no such company anywhere');
  await expect(page.getByText('Nothing matches')).toBeVisible();
  await page.getByRole('button', { name: 'Clear filters' }).click();
  await page.getByRole('link', { name }).click();
  await expect(page.getByRole('heading', { level: 1, name })).toBeVisible();
  await page.getByRole('button', { name: 'Change' }).click();
  await page.getByRole('dialog').getByLabel('Website').fill('https://weaving.example');
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
  // The new value is there a little before the dialog is gone, and what lies under a dialog takes no letters.
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await expect(page.getByText('https://weaving.example')).toBeVisible();
  await page.getByLabel('Write a note').fill('They asked for cards.');
  await page.getByRole('button', { name: 'Add note' }).click();
  await expect(page.getByRole('listitem').getByText('They asked for cards.')).toBeVisible();
});

test('a change of a company that somebody else changed meanwhile is refused', async ({ page }, info) => {
  await page.goto('/companies');
  const headers = { origin: new URL(page.url()).origin };
  const { workspace_id } = (await (await page.request.get('/api/v1/workspaces')).json()).items[0];
  const made = await (await page.request.post('/api/v1/companies', { data: { workspace_id, name: `Stale ${info.project.name}` }, headers })).json();
  await page.goto(`/companies/${made.company_id}`);
  await page.getByRole('button', { name: 'Change' }).click();
  const form = page.getByRole('dialog');
  await form.getByLabel('Name').fill('Overwritten');
  const other = await page.request.patch(`/api/v1/companies/${made.company_id}`, { data: { version: made.version, name: `Quicker ${info.project.name}` }, headers });
  expect(other.status()).toBe(200);
  await form.getByRole('button', { name: 'Save' }).click();
  await expect(form.getByRole('alert')).toBeVisible();
  await expect(form.getByText('Somebody else changed it meanwhile.', { exact: false })).toBeVisible();
  await expect(page.getByRole('heading', { level: 1, name: `Quicker ${info.project.name}`, includeHidden: true })).toBeVisible();
  const now = await (await page.request.get(`/api/v1/companies/${made.company_id}`)).json();
  expect(now.name).toBe(`Quicker ${info.project.name}`);
});

test('a deal is made, moved by the keyboard and opened', async ({ page }, info) => {
  const title = `Deal of ${info.project.name}`;
  await page.goto('/deals');
  await page.getByRole('button', { name: 'Add' }).click();
  const form = page.getByRole('dialog', { name: 'New deal' });
  await form.getByLabel('Title').fill(title);
  await form.getByLabel('Amount').fill('12.345');
  await expect(form.getByRole('alert')).toHaveText(/Write digits/);
  await form.getByLabel('Amount').fill('12,50');
  await form.getByLabel('Company').selectOption({ label: 'Analytical Engines Ltd' });
  await form.getByRole('button', { name: 'Save' }).click();
  if (info.project.name === 'phone') await page.getByRole('button', { name: /^New/ }).click();
  await expect(page.getByRole('region', { name: 'New' }).getByText('€12.50').first()).toBeVisible();
  await page.getByRole('link', { name: title }).focus();
  await page.keyboard.press('Shift+ArrowRight');
  await expect(page.getByText(`${title} is at “Qualified” now.`)).toBeVisible();
  const column = page.getByRole('region', { name: 'Qualified' });
  // The focus goes along with the deal, or stays with the column where there is room for one only.
  if (info.project.name === 'phone') {
    await expect(page.getByRole('region', { name: 'New' })).toBeFocused();
    await page.getByRole('button', { name: /^Qualified/ }).click();
  } else {
    await expect(column.getByRole('link', { name: title })).toBeFocused();
    await expect(page.getByRole('region', { name: 'New' }).getByRole('link', { name: title })).toHaveCount(0);
    await expect(column.getByRole('link', { name: title })).toBeFocused();
  }
  await column.getByLabel(`Stage of ${title}`).selectOption({ label: 'Won' });
  await expect(column.getByText(title)).toHaveCount(0);
  if (info.project.name !== 'phone') await expect(page.getByRole('region', { name: 'Won' }).getByRole('link', { name: title })).toBeFocused();
  if (info.project.name === 'phone') await page.getByRole('button', { name: /^Won/ }).click();
  await page.getByRole('region', { name: 'Won' }).getByRole('link', { name: title }).click();
  await expect(page.getByRole('heading', { level: 1, name: title })).toBeVisible();
  await expect(page.getByRole('link', { name: 'Analytical Engines Ltd' })).toBeVisible();
  const isWide = await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
  expect(isWide).toBe(false);
});

test('the amount of a deal is taken away by emptying its field', async ({ page }, info) => {
  const made = await page.request.post('/api/v1/deals', { data: { workspace_id: await firstWorkspace(page), title: `Priceless ${info.project.name}`, stage: 'new', amount: { minor: 1250, currency: 'EUR' } }, headers: { origin: world().origin } });
  const { deal_id } = await made.json();
  await page.goto(`/deals/${deal_id}`);
  await expect(page.getByText('€12.50')).toBeVisible();
  await page.getByRole('button', { name: 'Change' }).click();
  const form = page.getByRole('dialog', { name: 'Change deal' });
  await form.getByLabel('Amount').fill('');
  await form.getByRole('button', { name: 'Save' }).click();
  await expect(form).toHaveCount(0);
  await expect(page.getByText('€12.50')).toHaveCount(0);
  expect((await (await page.request.get(`/api/v1/deals/${deal_id}`)).json()).amount).toBeNull();
});

test('moves of a deal that follow one another quickly all count, and the board ends where the last one leads', async ({ page }, info) => {
  const title = `Quick ${info.project.name}`;
  const headers = { origin: world().origin };
  const made = await (await page.request.post('/api/v1/deals', { data: { workspace_id: await firstWorkspace(page), title, stage: 'new' }, headers })).json();
  let letGo: () => void = () => undefined;
  const held = new Promise<void>((go) => {
    letGo = go;
  });
  const asked: { version: number; stage: string }[] = [];
  await page.route(`**/api/v1/deals/${made.deal_id}`, async (route) => {
    if (route.request().method() !== 'PATCH') return route.continue();
    asked.push(route.request().postDataJSON());
    if (asked.length === 1) await held;
    return route.continue();
  });
  await page.goto('/deals?stage=new');
  await page.getByRole('link', { name: title }).focus();
  await page.keyboard.press('Shift+ArrowRight');
  const choice = page.getByLabel(`Stage of ${title}`);
  await expect(choice).toHaveValue('qualified');
  await page.keyboard.press('Shift+ArrowRight');
  await expect(choice).toHaveValue('proposal');
  // The second waits for the first, and is for what the first made.
  await expect.poll(() => asked.length).toBe(1);
  letGo();
  await expect(page.getByText(`${title} is at “Proposal” now.`)).toBeVisible();
  expect(asked).toEqual([
    { version: made.version, stage: 'qualified' },
    { version: made.version + 1, stage: 'proposal' },
  ]);
  if (info.project.name === 'phone') await page.getByRole('button', { name: /^Proposal/ }).click();
  await expect(page.getByRole('region', { name: 'Proposal' }).getByRole('link', { name: title })).toBeVisible();
  await expect(page.getByRole('region', { name: 'New' }).getByRole('link', { name: title })).toHaveCount(0);
  expect((await (await page.request.get(`/api/v1/deals/${made.deal_id}`)).json()).stage).toBe('proposal');
});

test('a deal that somebody else moved meanwhile is moved by none of the moves that wait', async ({ page }, info) => {
  const title = `Slower ${info.project.name}`;
  const headers = { origin: world().origin };
  const made = await (await page.request.post('/api/v1/deals', { data: { workspace_id: await firstWorkspace(page), title, stage: 'new' }, headers })).json();
  let letGo: () => void = () => undefined;
  const held = new Promise<void>((go) => {
    letGo = go;
  });
  const refused: boolean[] = [];
  await page.route(`**/api/v1/deals/${made.deal_id}`, async (route) => {
    if (route.request().method() !== 'PATCH') return route.continue();
    await held;
    const response = await route.fetch();
    refused.push(!response.ok());
    return route.fulfill({ response });
  });
  await page.goto('/deals?stage=new');
  await page.getByRole('link', { name: title }).focus();
  await page.keyboard.press('Shift+ArrowRight');
  await page.keyboard.press('Shift+ArrowRight');
  expect((await page.request.patch(`/api/v1/deals/${made.deal_id}`, { data: { version: made.version, stage: 'lost' }, headers })).status()).toBe(200);
  letGo();
  await expect.poll(() => refused).toEqual([true, true]);
  await expect(page.locator('main').getByRole('alert')).toBeVisible();
  expect((await (await page.request.get(`/api/v1/deals/${made.deal_id}`)).json()).stage).toBe('lost');
});

test('a deal is with any of many companies, and says with which', async ({ page }, info) => {
  const name = `Far Away ${info.project.name} Ltd`;
  const headers = { origin: world().origin };
  const workspace_id = await firstWorkspace(page);
  expect((await page.request.post('/api/v1/companies', { data: { name, workspace_id }, headers })).ok()).toBe(true);
  // As if there were so many that this one is on none of the first pages.
  await page.route('**/api/v1/companies?*', async (route) => {
    if (new URL(route.request().url()).searchParams.has('q')) return route.continue();
    const items = Array.from({ length: 50 }, (_, at) => ({ company_id: `company_${String(at).padStart(26, '0')}`, workspace_id, name: `Company ${at}`, website: null, version: 1 }));
    return route.fulfill({ json: { items, next_cursor: 'more' } });
  });
  await page.goto('/deals?new=1');
  const form = page.getByRole('dialog', { name: 'New deal' });
  await expect(form.getByLabel('Company')).toHaveAccessibleDescription('The first 50: search for others.');
  await form.getByRole('searchbox', { name: 'Search companies' }).fill('far away nobody');
  await expect(form.getByLabel('Company')).toHaveAccessibleDescription('None is called so.');
  await form.getByRole('searchbox', { name: 'Search companies' }).fill(`far away ${info.project.name}`);
  await form.getByLabel('Company').selectOption({ label: name });
  // What is chosen stays, whatever is looked for.
  await form.getByRole('searchbox', { name: 'Search companies' }).fill('');
  await expect(form.getByLabel('Company')).toHaveAccessibleDescription('The first 50: search for others.');
  await expect(form.getByLabel('Company').locator('option:checked')).toHaveText(name);
  await form.getByLabel('Title').fill(`A deal far away, ${info.project.name}`);
  await form.getByRole('button', { name: 'Save' }).click();
  await expect(form).toHaveCount(0);
  if (info.project.name === 'phone') await page.getByRole('button', { name: /^New/ }).click();
  const card = page.getByRole('region', { name: 'New' }).getByRole('listitem').filter({ hasText: `A deal far away, ${info.project.name}` });
  await expect(card).toContainText(name);
  await card.getByRole('link').click();
  await page.getByRole('button', { name: 'Change' }).click();
  await expect(page.getByRole('dialog', { name: 'Change deal' }).getByLabel('Company').locator('option:checked')).toHaveText(name);
});

test('a deal is with one of many contacts, found by words, and says with whom', async ({ page }, info) => {
  const name = `Odile ${info.project.name}`;
  const headers = { origin: world().origin };
  const workspace_id = await firstWorkspace(page);
  for (const address of ['odile.one', 'odile.two']) {
    const made = await page.request.post('/api/v1/contacts', { data: { display_name: name, emails: [{ value: `${address}@${info.project.name}.example` }], workspace_id }, headers });
    expect(made.status(), await made.text()).toBe(201);
  }
  await page.goto('/deals?new=1');
  const form = page.getByRole('dialog', { name: 'New deal' });
  const choice = form.getByRole('combobox', { name: 'Contact', exact: true });
  await form.getByRole('searchbox', { name: 'Search contacts' }).fill('odile nobody at all');
  await expect(choice).toHaveAccessibleDescription('Nobody is found by these words.');
  await form.getByRole('searchbox', { name: 'Search contacts' }).fill(`odile ${info.project.name}`);
  await expect(choice).toHaveAccessibleDescription('2 to choose from.');
  // Two of one name are told apart.
  await choice.selectOption({ label: `${name} · odile.two@${info.project.name}.example` });
  await form.getByRole('searchbox', { name: 'Search contacts' }).fill('odile nobody at all');
  await expect(choice).toHaveAccessibleDescription('Nobody is found by these words.');
  await expect(choice.locator('option:checked')).toHaveText(`${name} · odile.two@${info.project.name}.example`);
  const title = `A deal with Odile, ${info.project.name}`;
  await form.getByLabel('Title').fill(title);
  await form.getByRole('button', { name: 'Save' }).click();
  await expect(form).toHaveCount(0);
  if (info.project.name === 'phone') await page.getByRole('button', { name: /^New/ }).click();
  const card = page.getByRole('region', { name: 'New' }).getByRole('listitem').filter({ hasText: title });
  await expect(card.getByText(name, { exact: true })).toBeVisible();
  await card.getByRole('link').click();
  await page.getByRole('link', { name, exact: true }).click();
  await expect(page.getByText(`odile.two@${info.project.name}.example`).first()).toBeVisible();
});

test('a contact has a timeline of notes, deals and changes, newest first', async ({ page }, info) => {
  await page.goto('/contacts');
  const headers = { origin: new URL(page.url()).origin };
  const name = `Timea ${info.project.name}`;
  const made = await (await page.request.post('/api/v1/contacts', { data: { workspace_id: await firstWorkspace(page), display_name: name }, headers })).json();
  await page.goto(`/contacts/${made.contact_id}`);
  const timeline = page.getByRole('region', { name: 'Timeline' });
  await expect(timeline.getByText('Came to the contacts')).toBeVisible();
  const deal = await page.request.post('/api/v1/deals', { data: { workspace_id: made.workspace_id, title: `Deal of ${name}`, stage: 'new', contact_id: made.contact_id }, headers });
  expect(deal.status(), await deal.text()).toBe(201);
  await page.reload();
  await timeline.getByPlaceholder('Write a note').fill('Called about the deal.');
  await timeline.getByRole('button', { name: 'Add note' }).click();
  await expect(timeline.getByRole('listitem').first()).toContainText('Called about the deal.');
  await expect(timeline.getByRole('listitem').nth(1)).toContainText(`Deal of ${name}`);
  await expect(timeline.getByRole('listitem').nth(2)).toContainText('Came to the contacts');
  // What cannot be read is said, and the rest stays.
  await page.route('**/api/v1/deals?*', (route) => route.fulfill({ status: 503, json: { detail: 'away' } }));
  await page.reload();
  await expect(page.locator('main').getByRole('alert')).toBeVisible({ timeout: 20_000 });
  await expect(timeline.getByText('Called about the deal.')).toBeVisible();
});

// Columns stand side by side on wide screens only.
test('a deal is dragged to another column', { tag: '@wide' }, async ({ page }) => {
  await page.goto('/deals');
  const headers = { origin: new URL(page.url()).origin };
  const { workspace_id } = (await (await page.request.get('/api/v1/workspaces')).json()).items[0];
  await page.request.post('/api/v1/deals', { data: { workspace_id, title: 'Dragged', stage: 'new' }, headers });
  await page.reload();
  await page.getByRole('region', { name: 'New' }).getByRole('listitem').filter({ hasText: 'Dragged' }).dragTo(page.getByRole('region', { name: 'Negotiation' }));
  await expect(page.getByRole('region', { name: 'Negotiation' }).getByText('Dragged')).toBeVisible();
});

test('a drag that ends nowhere moves nothing, whatever is dropped after it', { tag: '@wide' }, async ({ page }) => {
  const headers = { origin: world().origin };
  const workspace_id = await firstWorkspace(page);
  const stage = 'dropped by none';
  const [left, kept] = ['Left alone', 'Kept'].map((title) => ({ title, stage, workspace_id }));
  for (const data of [left, kept]) expect((await page.request.post('/api/v1/deals', { data, headers })).status()).toBe(201);
  const moved: string[] = [];
  page.on('request', (request) => {
    if (request.method() === 'PATCH') moved.push(new URL(request.url()).pathname.split('/').at(-1) ?? '');
  });
  await page.goto(`/deals?stage=${encodeURIComponent(stage)}`);
  const card = (title: string) => page.getByRole('region', { name: stage }).getByRole('listitem').filter({ hasText: title });
  const goal = page.getByRole('region', { name: 'Negotiation' });
  // One is dragged and let go where nothing takes it; then one of another window is dropped.
  const carried = async (id: string) =>
    page.evaluateHandle((deal) => {
      const data = new DataTransfer();
      if (deal !== '') data.setData('application/x-steward-deal', deal);
      return data;
    }, id);
  await card('Left alone').dispatchEvent('dragstart', { dataTransfer: await carried('') });
  await goal.dispatchEvent('drop', { dataTransfer: await carried('deal_00000000000000000000000001') });
  await card('Left alone').dispatchEvent('dragstart', { dataTransfer: await carried('') });
  await card('Left alone').dispatchEvent('dragend', { dataTransfer: await carried('') });
  const { items } = await (await page.request.get(`/api/v1/deals?stage=${encodeURIComponent(stage)}&order=newest`)).json();
  await goal.dispatchEvent('drop', { dataTransfer: await carried(items[1].deal_id) });
  await card('Kept').dragTo(goal);
  await expect(goal.getByText('Kept')).toBeVisible();
  expect(moved).toEqual([items[0].deal_id]);
});

test.describe('as somebody who may not change records', () => {
  test.use({ storageState: AUDITOR });
  test('controls stay, disabled, and say why', async ({ page }) => {
    await page.goto('/deals');
    const add = page.getByRole('button', { name: 'Add' });
    await expect(add).toHaveAttribute('aria-disabled', 'true');
    await expect(add).toHaveAccessibleDescription('Your roles do not change deals.');
    await page.goto('/companies');
    await expect(page.getByRole('button', { name: 'Add' })).toHaveAccessibleDescription('Your roles do not change companies.');
    await page.getByRole('button', { name: 'Add' }).click({ force: true });
    await expect(page.getByRole('dialog')).toHaveCount(0);
    await page.goto('/deals/deal_00000000000000000000000001');
    await expect(page.getByRole('heading', { name: 'There is nothing here' })).toBeVisible();
  });
});

/** Makes deals one after the other: `First of …` is the oldest, `Last of …` the newest. */
async function makeDeals(page: Page, name: string, count: number, rest: object): Promise<void> {
  for (let nth = 1; nth <= count; nth += 1) {
    const title = nth === 1 ? `First of ${name}` : nth === count ? `Last of ${name}` : `${name} ${nth}`;
    const made = await page.request.post('/api/v1/deals', { data: { title, amount: { minor: 100, currency: 'EUR' }, ...rest }, headers: { origin: world().origin } });
    expect(made.status(), await made.text()).toBe(201);
  }
}

test('a column of many deals shows fifty, and more on demand', async ({ page }, info) => {
  const stage = `many on ${info.project.name}`;
  await makeDeals(page, stage, 102, { workspace_id: await firstWorkspace(page), stage });
  await page.goto(`/deals?stage=${encodeURIComponent(stage)}`);
  const column = page.getByRole('region', { name: stage });
  // What was made last is there, however many there are; what stands above counts all of them.
  await expect(column.getByRole('listitem')).toHaveCount(50);
  await expect(column.getByRole('listitem').first()).toContainText(`Last of ${stage}`);
  await expect(column.getByText('102', { exact: true })).toBeVisible();
  await expect(column.getByText('€102.00', { exact: true })).toBeVisible();
  await column.getByRole('button', { name: 'Show 52 more' }).click();
  await expect(column.getByRole('listitem')).toHaveCount(100);
  await column.getByRole('button', { name: 'Show 2 more' }).click();
  await expect(column.getByRole('listitem')).toHaveCount(102);
  await expect(column.getByRole('listitem').last()).toContainText(`First of ${stage}`);
  await expect(column.getByRole('button', { name: /^Show .* more$/ })).toHaveCount(0);
  // A column that cannot be read says so in its place, and the others stay.
  const isOfColumn = (url: URL) => url.pathname === '/api/v1/deals' && url.searchParams.get('stage') === stage;
  await page.route(isOfColumn, (route) => route.fulfill({ status: 403, contentType: 'application/problem+json', json: { status: 403, code: 'denied', detail: 'x', request_id: 'req_column' } }), { times: 1 });
  await page.reload();
  await expect(column.getByRole('alert')).toContainText('req_column');
  await expect(page.locator('main').getByRole('alert')).toHaveCount(1);
  await column.getByRole('button', { name: 'Try again' }).click();
  await expect(column.getByRole('listitem')).toHaveCount(50);
  await expect(page.getByText(/^Only the \d+ stages/)).toHaveCount(0);
  // There are free words for stages, and only so many columns: then it says so.
  await page.route('**/api/v1/deals/stages', async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, json: { ...(await response.json()), is_cut: true } });
  });
  await page.reload();
  await expect(page.getByText(/^Only the \d+ stages with the most deals are shown\.$/)).toBeVisible();
});

test('the newest of many deals and notes are first in a timeline, and older ones come on demand', async ({ page }, info) => {
  const name = `Long ${info.project.name}`;
  const headers = { origin: world().origin };
  const workspace_id = await firstWorkspace(page);
  const post = async (path: string, data: object) => {
    const made = await page.request.post(`/api/v1/${path}`, { data, headers });
    expect(made.status(), await made.text()).toBe(201);
    return made.json();
  };
  const { company_id } = await post('companies', { workspace_id, name });
  const { contact_id } = await post('contacts', { workspace_id, display_name: name });
  const records = [`contacts/${contact_id}`, `companies/${company_id}`];
  // The notes are older than all the deals.
  for (const record of records) for (let nth = 1; nth <= 52; nth += 1) await post(`${record}/notes`, { text: `Note ${nth} of ${name}.` });
  await makeDeals(page, name, 52, { workspace_id, stage: 'lost', contact_id, company_id });
  for (const record of records) {
    await page.goto(`/${record}`);
    const timeline = page.getByRole('region', { name: 'Timeline' });
    const lines = timeline.getByRole('list').getByRole('listitem');
    // Notes wait for the deals between them and what is shown.
    await expect(lines).toHaveCount(50);
    await expect(lines.first()).toContainText(`Last of ${name}`);
    await expect(timeline.getByText(`Note 52 of ${name}.`)).toHaveCount(0);
    await timeline.getByRole('button', { name: 'Show more' }).click();
    // All deals, all notes, and that it came here.
    await expect(lines).toHaveCount(105);
    await expect(lines.nth(51)).toContainText(`First of ${name}`);
    await expect(lines.nth(52)).toContainText(`Note 52 of ${name}.`);
    await expect(lines.nth(103)).toContainText(`Note 1 of ${name}.`);
    await expect(lines.last()).toContainText('Came to the');
    await expect(timeline.getByRole('button', { name: 'Show more' })).toHaveCount(0);
  }
});
