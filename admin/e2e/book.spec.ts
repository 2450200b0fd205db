/** The book of contacts and companies: brought in, changed, given out, and long. */
import { readFileSync } from 'node:fs';
import { csvOf } from './csv';
import { expect, firstWorkspace, test } from './fixtures';
import { dress, wordsOf } from './looks';
import { AUDITOR } from './world';

const ROWS = 1_000;
const ROWS_SHOWN_MAX = 80;

test('a file of contacts is looked at before it is brought in', async ({ page }, info) => {
  const name = `Importa ${info.project.name}`;
  await page.goto('/contacts');
  await page.getByRole('button', { name: 'Import' }).click();
  const dialog = page.getByRole('dialog', { name: 'Import contacts' });
  const add = dialog.getByRole('button', { name: 'Import' });
  await expect(add).toBeDisabled();
  await expect(add).toHaveAccessibleDescription('Choose a file that can be read first.');
  const file = (rows: string[]) => ({ name: 'people.csv', mimeType: 'text/csv', buffer: Buffer.from(['Name,Email', ...rows, ''].join('\n')) });
  await dialog.getByLabel('File').setInputFiles({ name: 'none.csv', mimeType: 'text/csv', buffer: Buffer.from('just words') });
  await expect(dialog.getByRole('alert')).toBeVisible();
  await expect(add).toBeDisabled();
  // One row has a field too many: it is refused by its line, and the rest is not held up. One is here already.
  const rows = [`${name},importa-${info.project.name}@engines.example`, `${name} Three,three@engines.example,and more`, `${name} Two,importb-${info.project.name}@engines.example`, 'Grace Hopper,grace@navy.example'];
  await dialog.getByLabel('File').setInputFiles(file(rows));
  await expect(dialog.getByRole('listitem').filter({ hasText: `${name} Two` })).toContainText('new');
  await expect(dialog.getByRole('listitem').filter({ hasText: 'Grace Hopper' })).toContainText('as they were');
  await expect(dialog.getByText('Line 3: it has 3 fields where the header has 2', { exact: false })).toBeVisible();
  await expect(dialog.getByRole('alert')).toHaveCount(0);
  // Looking changes nothing.
  const found = async () => (await (await page.request.get(`/api/v1/contacts?q=importa+${info.project.name}`)).json()).items.length;
  expect(await found()).toBe(0);
  await add.click();
  await expect(page.getByText('2 contacts are new.')).toBeVisible();
  await expect(dialog).toHaveCount(0);
  expect(await found()).toBe(2);
});

test('the field for a file speaks the language of the page and not that of the browser', async ({ page, context }) => {
  await dress(context, 'light', 'ar');
  const words = wordsOf('ar');
  for (const [path, name] of [
    ['/contacts?import=1', words('import.file')],
    ['/policies?show=try', words('policies.try.fileChange')],
  ] as const) {
    await page.goto(path);
    const field = page.getByLabel(name, { exact: true });
    const shown = page.locator('label').filter({ has: field });
    await expect(shown).toHaveText(new RegExp(words('fileField.none')));
    // What the browser would say of its own is not seen, and a file may be dropped on the whole of it.
    await expect(field).toHaveCSS('opacity', '0');
    expect((await field.boundingBox())?.width ?? 0).toBeGreaterThan(200);
    await field.setInputFiles({ name: 'people.csv', mimeType: 'text/csv', buffer: Buffer.from('Name\nLena\n') });
    await expect(shown).toContainText('people.csv');
    // The keyboard gets there, and whoever looks sees where it is.
    await field.focus();
    expect(await shown.evaluate((one) => getComputedStyle(one).outlineStyle)).toBe('solid');
  }
});

test('a list of companies of another program is looked at before it is brought in, and says what is not taken', async ({ page }, info) => {
  const name = `Importco ${info.project.name}`;
  const host = `importco-${info.project.name}.example`;
  await page.goto('/companies');
  await page.getByRole('button', { name: 'Import' }).click();
  const dialog = page.getByRole('dialog', { name: 'Import companies' });
  const add = dialog.getByRole('button', { name: 'Import' });
  await expect(add).toBeDisabled();
  const choose = (...rows: string[]) =>
    dialog.getByLabel('File').setInputFiles({ name: 'accounts.csv', mimeType: 'text/csv', buffer: Buffer.from(['Account Name,Website,Industry', ...rows, ''].join('\n')) });
  await dialog.getByLabel('File').setInputFiles({ name: 'people.csv', mimeType: 'text/csv', buffer: Buffer.from('first name,email\nAda,ada@engines.example\n') });
  await expect(dialog.getByRole('alert')).toContainText("names no column with the company's name");
  await expect(add).toBeDisabled();
  await choose(`,https://${host},`);
  await expect(dialog.getByText('No row of this file can be taken.').first()).toBeVisible();
  await expect(add).toBeDisabled();
  await expect(add).toHaveAccessibleDescription('No row of this file can be taken.');
  await choose('Analytical Engines Ltd,,');
  await expect(dialog.getByText('All that can be taken is here already.')).toBeVisible();
  // Two rows of one page are one company; a row without a name is refused by its line and column; a web address that is none is left out.
  await choose(`${name},www.${host},Looms`, `${name} Holding,https://${host}/,`, `,https://${host},`, `${name} Two,javascript:alert(1),`, 'Analytical Engines Ltd,,');
  const rows = dialog.getByRole('listitem');
  await expect(rows.filter({ hasText: `https://www.${host}` }).first()).toContainText('new');
  await expect(rows.filter({ hasText: 'Analytical Engines Ltd' })).toContainText('as they were');
  await expect(dialog.getByRole('list', { name: 'refused' })).toContainText('Line 4: column `Account Name`: it is empty; a company needs a name');
  await expect(dialog.getByRole('list', { name: 'Remarks' })).toContainText(`Line 3: name \`${name}\` kept; the file says \`${name} Holding\``);
  await expect(dialog.getByRole('list', { name: 'Remarks' })).toContainText('Line 5: column `Website`: `javascript:alert(1)` left out');
  await expect(dialog.getByText('Columns that are not taken: Industry')).toBeVisible();
  await expect(dialog.getByRole('alert')).toHaveCount(0);
  // Looking changes nothing.
  const found = async () => (await (await page.request.get(`/api/v1/companies?q=importco+${info.project.name}`)).json()).items.length;
  expect(await found()).toBe(0);
  await add.click();
  await expect(page.getByText('2 companies are new.')).toBeVisible();
  await expect(dialog).toHaveCount(0);
  expect(await found()).toBe(2);
});

test('a contact is added and changed, and a change of what somebody else changed meanwhile is refused', async ({ page }, info) => {
  const name = `Edda ${info.project.name}`;
  await page.goto('/contacts');
  await page.getByRole('button', { name: 'Add' }).click();
  const form = page.getByRole('dialog', { name: 'New contact' });
  await form.getByLabel('Name').fill(name);
  await form.getByLabel('E-mail').fill(`edda-${info.project.name}@engines.example\n\nedda-${info.project.name}@home.example`);
  await form.getByRole('button', { name: 'Save' }).click();
  await expect(form).toHaveCount(0);
  await page.getByPlaceholder('Name, address, company, tag').fill(name);
  await page.getByRole('link', { name: new RegExp(name) }).click();
  await expect(page.getByText(`edda-${info.project.name}@home.example`)).toBeVisible();
  await page.getByRole('button', { name: 'Change' }).click();
  const change = page.getByRole('dialog', { name: 'Change contact' });
  await change.getByLabel('Position').fill('Weaver');
  await change.getByLabel('Tags').fill('looms\ncards');
  await change.getByRole('button', { name: 'Save' }).click();
  await expect(change).toHaveCount(0);
  for (const text of ['Weaver', 'looms', 'cards']) await expect(page.getByText(text, { exact: true })).toBeVisible();

  await page.getByRole('button', { name: 'Change' }).click();
  await change.getByLabel('Position').fill('Overwritten');
  const id = page.url().split('/').pop() ?? '';
  const { version } = await (await page.request.get(`/api/v1/contacts/${id}`)).json();
  expect((await page.request.patch(`/api/v1/contacts/${id}`, { data: { version, job_title: 'Quicker' }, headers: { origin: new URL(page.url()).origin } })).status()).toBe(200);
  await change.getByRole('button', { name: 'Save' }).click();
  await expect(change.getByText('Somebody else changed it meanwhile.', { exact: false })).toBeVisible();
  expect((await (await page.request.get(`/api/v1/contacts/${id}`)).json()).job_title).toBe('Quicker');
});

test('contacts and companies leave as a file with all that fits the filter', async ({ page }) => {
  for (const [path, words, heading, holds] of [
    ['/contacts', 'ada', 'contacts.csv', 'ada@engines.example'],
    ['/companies', 'analytical', 'companies.csv', 'Analytical Engines Ltd'],
  ] as const) {
    await page.goto(`${path}?q=${words}`);
    const arrives = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Export as CSV' }).click();
    const download = await arrives;
    expect(download.suggestedFilename()).toBe(heading);
    const rows = csvOf(readFileSync(await download.path(), 'utf8'));
    expect(rows.some((row) => Object.values(row).includes(holds))).toBe(true);
    expect(rows.some((row) => Object.values(row).includes('Grace Hopper'))).toBe(false);
  }
  // What cannot be given out says why.
  await page.route('**/api/v1/companies?*', (route) => (route.request().headers()['accept'] === 'text/csv' ? route.fulfill({ status: 503, contentType: 'application/problem+json', json: { status: 503, code: 'away', detail: 'x', request_id: 'req_export' } }) : route.continue()));
  await page.getByRole('button', { name: 'Export as CSV' }).click();
  await expect(page.locator('main, header').getByRole('alert').first()).toContainText('req_export');
});

test('a company has a timeline of notes, deals and changes, newest first', async ({ page }, info) => {
  await page.goto('/companies');
  const headers = { origin: new URL(page.url()).origin };
  const name = `Timed ${info.project.name}`;
  const workspace_id = await firstWorkspace(page);
  const made = await (await page.request.post('/api/v1/companies', { data: { workspace_id, name }, headers })).json();
  await page.request.post('/api/v1/deals', { data: { workspace_id, title: `Deal of ${name}`, stage: 'new', company_id: made.company_id }, headers });
  await page.goto(`/companies/${made.company_id}`);
  const timeline = page.getByRole('region', { name: 'Timeline' });
  await timeline.getByPlaceholder('Write a note').fill('They asked for a loom.');
  await timeline.getByRole('button', { name: 'Add note' }).click();
  await expect(timeline.getByRole('listitem').first()).toContainText('They asked for a loom.');
  await expect(timeline.getByRole('listitem').nth(1)).toContainText(`Deal of ${name}`);
  await expect(timeline.getByRole('listitem').nth(2)).toContainText('Came to the companies');
});

test('a company has all its people and nobody else’s, however many others have its name in theirs', async ({ page }, info) => {
  const [small, large] = [`Lio ${info.project.name}`, `Crowd ${info.project.name}`];
  const nth = (at: number) => String(at + 1).padStart(3, '0');
  // Sixty with its name in theirs come before the one who is there.
  const rows = [...Array.from({ length: 60 }, (_, at) => `${small} ${nth(at)},`), `Zed of ${info.project.name},${small}`, ...Array.from({ length: 120 }, (_, at) => `Member ${nth(at)} ${info.project.name},${large}`)];
  await page.goto('/companies');
  const sent = await page.request.post(`/api/v1/contacts/import?file_name=people.csv&workspace_id=${await firstWorkspace(page)}`, {
    data: Buffer.from(['Name,Company', ...rows, ''].join('\n')),
    headers: { origin: new URL(page.url()).origin, 'content-type': 'application/octet-stream', 'idempotency-key': `people-of-${info.project.name}` },
  });
  expect(sent.ok(), await sent.text()).toBe(true);
  const people = page.getByRole('region', { name: 'People' });
  const open = async (name: string) => {
    const { items } = await (await page.request.get(`/api/v1/companies?q=${encodeURIComponent(name)}`)).json();
    await page.goto(`/companies/${items[0].company_id}`);
  };
  await open(small);
  await expect(people.getByRole('listitem')).toHaveCount(1);
  await expect(people.getByRole('link', { name: `Zed of ${info.project.name}` })).toBeVisible();
  await expect(people.getByRole('button')).toHaveCount(0);
  await open(large);
  const more = people.getByRole('button', { name: 'Show more' });
  for (const count of [50, 100]) {
    await expect(people.getByRole('listitem')).toHaveCount(count);
    await more.click();
  }
  await expect(people.getByRole('listitem')).toHaveCount(120);
  await expect(people.getByRole('link', { name: `Member 120 ${info.project.name}` })).toBeVisible();
  await expect(more).toHaveCount(0);
});

test('a book of a thousand contacts keeps few rows, to the last of them', async ({ page }, info) => {
  test.setTimeout(120_000);
  await page.goto('/contacts');
  const tag = `Bulk${info.project.name}`;
  const rows = Array.from({ length: ROWS }, (_, at) => `${tag} ${String(at + 1).padStart(4, '0')},${tag.toLowerCase()}-${at + 1}@bulk.example`);
  const origin = new URL(page.url()).origin;
  const workspace_id = await firstWorkspace(page);
  const sent = await page.request.post(`/api/v1/contacts/import?file_name=bulk.csv&workspace_id=${workspace_id}`, {
    data: Buffer.from(['Name,Email', ...rows, ''].join('\n')),
    headers: { origin, 'content-type': 'application/octet-stream', 'idempotency-key': `bulk-${info.project.name}` },
  });
  expect(sent.ok(), await sent.text()).toBe(true);
  await page.goto(`/contacts?q=${tag}`);
  const list = page.getByRole('list', { name: 'Contacts' });
  await expect(list.getByRole('link', { name: new RegExp(`${tag} 0001`) })).toBeVisible();
  const last = list.getByRole('link', { name: new RegExp(`${tag} ${ROWS}`) });
  let most = 0;
  await expect
    .poll(
      async () => {
        most = Math.max(most, await page.locator('main li').count());
        await page.evaluate(() => document.querySelector('[data-scrolls]')?.scrollBy(0, 2_000));
        return last.isVisible();
      },
      { intervals: [50], timeout: 60_000 },
    )
    .toBe(true);
  expect(most).toBeLessThan(ROWS_SHOWN_MAX);
  // Whoever hears the page is told where in the list they are.
  await expect(page.locator('main li').last()).toHaveAttribute('aria-posinset', String(ROWS));
  await expect(page.locator('main li').last()).toHaveAttribute('aria-setsize', String(ROWS));
  await last.click();
  await expect(page.getByRole('heading', { level: 1, name: `${tag} ${ROWS}` })).toBeVisible();
});

test.describe('as somebody who may not change records', () => {
  test.use({ storageState: AUDITOR });
  test('companies are not brought in, and the page says why', async ({ page }) => {
    await page.goto('/companies');
    await expect(page.getByRole('button', { name: 'Import' })).toHaveAccessibleDescription('Your roles do not import companies.');
    await page.getByRole('button', { name: 'Import' }).click({ force: true });
    await expect(page.getByRole('dialog')).toHaveCount(0);
  });

  test('contacts are seen and given out, not changed', async ({ page }) => {
    await page.goto('/contacts');
    await expect(page.getByRole('button', { name: 'Add' })).toHaveAccessibleDescription('Your roles do not change contacts.');
    await page.getByRole('button', { name: 'Add' }).click({ force: true });
    await expect(page.getByRole('dialog')).toHaveCount(0);
    await page.getByRole('link', { name: /Ada Lovelace/ }).click();
    await expect(page.getByRole('button', { name: 'Change' })).toHaveAccessibleDescription('Your roles do not change contacts.');
  });
});
