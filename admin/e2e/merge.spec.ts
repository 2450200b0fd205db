import { expect, firstWorkspace, test } from './fixtures';
import { AUDITOR } from './world';
import type { Page } from '@playwright/test';

/** Two entries of one person, each with something that the other lacks. */
async function twice(page: Page, name: string): Promise<[string, string]> {
  await page.goto('/contacts');
  const headers = { origin: new URL(page.url()).origin };
  const workspace_id = await firstWorkspace(page);
  const ids: string[] = [];
  for (const [job_title, value] of [
    ['Weaver', `${name}@looms.example`],
    ['Master weaver', `${name}@home.example`],
  ]) {
    const made = await page.request.post('/api/v1/contacts', { data: { workspace_id, display_name: `Joan ${name}`, job_title, emails: [{ value }] }, headers });
    expect(made.status(), await made.text()).toBe(201);
    ids.push((await made.json()).contact_id);
  }
  return [ids[0] ?? '', ids[1] ?? ''];
}

test('two entries of one person are compared and merged', async ({ page, browser, baseURL }, info) => {
  const name = `Merged${info.project.name}`.toLowerCase();
  const [first, second] = await twice(page, name);
  await page.getByRole('link', { name: 'Duplicates' }).click();
  const compare = page.getByRole('button', { name: `Compare Joan ${name} and Joan ${name}` });
  await expect(page.getByText('same name').first()).toBeVisible();
  // Who changes no records sees the two, and why no more.
  const reader = await browser.newContext({ baseURL: baseURL ?? '', storageState: AUDITOR });
  const theirs = await reader.newPage();
  await theirs.goto('/contacts/duplicates');
  await expect(theirs.getByRole('button', { name: `Compare Joan ${name} and Joan ${name}` })).toHaveAccessibleDescription('Your roles do not merge contacts.');
  await reader.close();
  await compare.click();
  const dialog = page.getByRole('dialog', { name: 'Merge two contacts' });
  const job = dialog.getByRole('group', { name: 'Position: whose is kept' });
  await expect(job.getByRole('radio', { name: 'Weaver', exact: true })).toBeChecked();
  await job.getByRole('radio', { name: 'Master weaver' }).check();
  // Somebody changes one of the two meanwhile: what was looked at is not what would be merged.
  const headers = { origin: new URL(page.url()).origin };
  await page.request.patch(`/api/v1/contacts/${second}`, { data: { version: 1, tags: ['quick'] }, headers });
  await dialog.getByRole('button', { name: 'Merge' }).click();
  await expect(dialog.getByText('One of the two was changed meanwhile.')).toBeVisible();
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await compare.click();
  await job.getByRole('radio', { name: 'Master weaver' }).check();
  await dialog.getByRole('button', { name: 'Merge' }).click();
  await expect(page).toHaveURL(new RegExp(`/contacts/${first}$`));
  for (const text of ['Master weaver', `${name}@looms.example`, `${name}@home.example`, 'quick']) await expect(page.getByText(text, { exact: true })).toBeVisible();
  // The other one is still to be read, and leads to the one that stays.
  await page.getByRole('region', { name: 'Timeline' }).getByRole('link', { name: `Joan ${name}` }).click();
  await expect(page).toHaveURL(new RegExp(`/contacts/${second}$`));
  await expect(page.getByRole('status').filter({ hasText: 'merged and stays as it was' }).getByRole('link', { name: `Joan ${name}` })).toHaveAttribute('href', `/contacts/${first}`);
});

test('two entries of one company are compared and merged, and people and deals go along', async ({ page, browser, baseURL }, info) => {
  const name = `Loomworks ${info.project.name}`;
  await page.goto('/companies');
  const headers = { origin: new URL(page.url()).origin };
  const workspace_id = await firstWorkspace(page);
  const make = async (path: string, data: object) => {
    const made = await page.request.post(`/api/v1/${path}`, { data: { workspace_id, ...data }, headers });
    expect(made.status(), await made.text()).toBe(201);
    return made.json();
  };
  const first = await make('companies', { name });
  const second = await make('companies', { name: `${name} Ltd`, website: `https://${info.project.name}.looms.example` });
  await make('contacts', { display_name: `Joan of ${name}`, company_id: second.company_id });
  await make('deals', { title: `Looms for ${info.project.name}`, stage: 'qualified', company_id: second.company_id });
  await page.getByRole('link', { name: 'Duplicates' }).click();
  await expect(page).toHaveURL('/companies/duplicates');
  const compare = page.getByRole('button', { name: `Compare ${name} and ${name} Ltd` });
  await expect(page.getByRole('listitem').filter({ has: compare }).last().getByText('same name')).toBeVisible();
  // Who changes no records sees the two, and why no more.
  const reader = await browser.newContext({ baseURL: baseURL ?? '', storageState: AUDITOR });
  const theirs = await reader.newPage();
  await theirs.goto('/companies/duplicates');
  await expect(theirs.getByRole('button', { name: `Compare ${name} and ${name} Ltd` })).toHaveAccessibleDescription('Your roles do not merge companies.');
  await reader.close();
  await compare.click();
  const dialog = page.getByRole('dialog', { name: 'Merge two companies' });
  const names = dialog.getByRole('group', { name: 'Name: whose is kept' });
  await names.getByRole('radio', { name: `${name} Ltd` }).check();
  // Only one of the two has a website: there is nothing to choose.
  await expect(dialog.getByRole('group', { name: 'Website: whose is kept' })).toHaveCount(0);
  // Somebody changes one of the two meanwhile: what was looked at is not what would be merged.
  await page.request.patch(`/api/v1/companies/${second.company_id}`, { data: { version: 1, website: 'https://looms.example' }, headers });
  await dialog.getByRole('button', { name: 'Merge' }).click();
  await expect(dialog.getByText('One of the two was changed meanwhile.')).toBeVisible();
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await compare.click();
  await names.getByRole('radio', { name: `${name} Ltd` }).check();
  // What its own merge did is no news to the dialog, which would say that the two are not there any more.
  const askedAgain: string[] = [];
  page.on('request', (request) => {
    if (request.method() === 'GET' && request.url().endsWith(`/api/v1/companies/${second.company_id}`)) askedAgain.push(request.url());
  });
  await dialog.getByRole('button', { name: 'Merge' }).click();
  await expect(page).toHaveURL(`/companies/${first.company_id}`);
  await expect(page.getByRole('heading', { level: 1, name: `${name} Ltd` })).toBeVisible();
  expect(askedAgain).toEqual([]);
  await expect(page.getByText('https://looms.example', { exact: true })).toBeVisible();
  await expect(page.getByRole('link', { name: `Joan of ${name}` })).toBeVisible();
  await expect(page.getByRole('link', { name: `Looms for ${info.project.name}` }).first()).toBeVisible();
  // The other one is still to be read, and leads to the one that stays.
  await page.goto(`/companies/${second.company_id}`);
  await expect(page.getByRole('status').filter({ hasText: 'merged and stays as it was' }).getByRole('link', { name: `${name} Ltd` })).toHaveAttribute('href', `/companies/${first.company_id}`);
  await expect(page.getByRole('button', { name: 'Change', exact: true })).toHaveCount(0);
});

test('the comparison opens once, and has the focus when both are there', async ({ page }, info) => {
  const [first, second] = await twice(page, `Once${info.project.name}`.toLowerCase());
  await page.addInitScript(() => {
    const show = HTMLDialogElement.prototype.showModal;
    HTMLDialogElement.prototype.showModal = function () {
      document.documentElement.dataset['opened'] = String(Number(document.documentElement.dataset['opened'] ?? '0') + 1);
      show.call(this);
    };
  });
  // What is looked up comes late, so that the dialog is seen without it.
  let answerNow: () => void = () => undefined;
  const later = new Promise<void>((done) => {
    answerNow = done;
  });
  await page.route(`**/api/v1/contacts/${second}`, async (route) => {
    await later;
    await route.continue();
  });
  await page.goto(`/contacts/duplicates?kept=${first}&other=${second}`);
  const dialog = page.getByRole('dialog', { name: 'Merge two contacts' });
  await expect(dialog.getByRole('status')).toBeVisible();
  answerNow();
  await expect(dialog.getByRole('group').first()).toBeVisible();
  await expect(dialog.getByRole('radio').first()).toBeFocused();
  expect(await page.evaluate(() => document.documentElement.dataset['opened'])).toBe('1');
});
