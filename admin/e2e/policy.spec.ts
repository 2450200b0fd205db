import type { APIRequestContext, Browser, Page } from '@playwright/test';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from './fixtures';
import { linkOf } from './proposals';
import { world } from './world';

const RULES = '../policies/rules';
const [FIRST, LAST] = ['00-limits.cedar', '95-trial.cedar'] as const;
const REASON = '@reason("The budget for this work is used up.")';

interface File {
  name: string;
  text: string;
}

/** The rules as they are shipped, with one sentence of theirs in other words. */
function rules(sentence: string): File[] {
  return readdirSync(RULES)
    .sort()
    .map((name) => ({ name, text: readFileSync(join(RULES, name), 'utf8').replace(REASON, `@reason("${sentence}")`) }));
}

/** Somebody who proposes and never decides. */
async function manager(page: Page, browser: Browser, name: string): Promise<APIRequestContext> {
  const { origin } = world();
  const context = await browser.newContext({ baseURL: origin, storageState: { cookies: [], origins: [] } });
  expect((await context.request.post('/api/v1/session', { data: { link: await linkOf(page.request, name) }, headers: { origin } })).ok()).toBe(true);
  return context.request;
}

async function propose(by: APIRequestContext, path: string, data: object): Promise<string> {
  const made = await by.post(path, { data, headers: { origin: world().origin } });
  expect(made.status(), await made.text()).toBe(201);
  return String((await made.json()).governance_change_id);
}

async function approve(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Approve' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Approve exactly this' }).click();
  await expect(page.getByText('Approved. It is in force within two seconds.')).toBeVisible();
}

test('proposed rules are read before anybody decides: every line that differs, file by file, and each file whole', async ({ page, browser }, info) => {
  const their = await manager(page, browser, `Ruler-${info.project.name}`);
  const sentence = `The budget is used up, says ${info.project.name}.`;
  const trial = '// Nobody\u200b sees all of this.\n@id("trial-read")\n@reason("Reading, once more.")\npermit (principal, action in Action::"read", resource);\n';
  const refused = await propose(their, '/api/v1/policies/proposals', { files: [...rules(sentence), { name: LAST, text: trial }], reason: `Other words, and one rule more, for ${info.project.name}.`, decisions: 10 });
  await page.goto('/changes');
  await page.getByRole('listitem').filter({ hasText: `one rule more, for ${info.project.name}` }).getByRole('link').click();
  await page.waitForURL(`/changes/${refused}`);
  const text = page.getByRole('region', { name: 'The text' });
  const first = text.getByRole('group', { name: FIRST, exact: true });
  await expect(first.getByText('changed', { exact: true })).toBeVisible();
  await expect(first.getByText(/^removed: @reason/)).toBeVisible();
  await expect(first.getByText(`added: @reason("${sentence}")`)).toBeVisible();
  await expect(first.getByText('1 line added, 1 removed')).toBeVisible();
  await first.getByText('The whole file').click();
  await expect(first.locator('pre')).toHaveText(rules(sentence)[0]?.text ?? '', { useInnerText: true });
  // What nobody would see is marked, in the difference and in the file.
  const last = text.getByRole('group', { name: LAST, exact: true });
  await expect(last.getByText('new', { exact: true })).toBeVisible();
  await expect(last.getByText('It has characters that nobody sees.', { exact: false })).toBeVisible();
  await expect(last.getByText('added: @id("trial-read")')).toBeVisible();
  await last.getByText('The whole file').click();
  await expect(last.locator('pre')).toContainText('Nobody⟨U+200B⟩ sees all of this.');
  // What is as before says so, and is there to read all the same.
  const same = text.getByRole('group', { name: '10-read.cedar', exact: true });
  await expect(same.getByText('as before', { exact: true })).toBeVisible();
  await expect(text.getByRole('group', { name: /\.toml$/ }).first()).toBeVisible();
  await page.screenshot({ path: `test-results/change-rules-${info.project.name}.png`, fullPage: true });
  await page.getByRole('button', { name: 'Reject' }).click();
  await page.getByRole('dialog').getByLabel('Why').fill('One rule too many.');
  await page.getByRole('dialog').getByRole('button', { name: 'Reject' }).click();
  await expect(page.getByText('Rejected. What governs is as it was.')).toBeVisible();

  const approved = await propose(their, '/api/v1/policies/proposals', { files: rules(sentence), reason: 'Other words alone.', decisions: 10 });
  await page.goto(`/changes/${approved}`);
  await expect(first.getByText(`added: @reason("${sentence}")`)).toBeVisible();
  await expect(text.getByRole('group', { name: LAST, exact: true })).toHaveCount(0);
  await approve(page);
  await expect.poll(async () => JSON.stringify(await (await page.request.get('/api/v1/policies')).json())).toContain(sentence);

  // The next is put beside the set that was approved, letter for letter, and leaves the rules as they were shipped.
  const back = await propose(their, '/api/v1/policies/proposals', { files: rules('The budget for this work is used up.'), reason: 'As they were shipped.', decisions: 10 });
  await page.goto(`/changes/${back}`);
  await expect(text.getByText(/^Beside version \d+, which was approved last before it/)).toBeVisible();
  await expect(first.getByText(`removed: @reason("${sentence}")`)).toBeVisible();
  await expect(first.getByText(`added: ${REASON}`)).toBeVisible();
  await expect(same.getByText('as before', { exact: true })).toBeVisible();
  await approve(page);

  await page.goto('/policies');
  await page.getByRole('button', { name: 'History' }).click();
  await expect(page).toHaveURL('/policies?show=history');
  const sets = page.locator('main ol > li');
  await expect(sets.first()).toContainText('As they were shipped.');
  await expect(sets.first().getByText('in force', { exact: true })).toBeVisible();
  await expect(sets.nth(1)).toContainText('Other words alone.');
  await expect(sets.filter({ hasText: 'one rule more' })).toHaveCount(0);
  await sets.nth(1).getByRole('link').click();
  await page.waitForURL(`/changes/${approved}`);
  await expect(first.locator('summary', { hasText: 'The whole file' })).toBeVisible();
  await expect(page.getByRole('button', { name: 'Approve' })).toHaveCount(0);
});

test('rules that break a safety property are shown with what is wrong first, and cannot be approved', async ({ page, browser }, info) => {
  const their = await manager(page, browser, `Breaker-${info.project.name}`);
  const loose = '@id("all-money")\n@reason("Everybody pays.")\npermit (principal, action in Action::"money", resource);\n';
  const id = await propose(their, '/api/v1/policies/proposals', { files: [...rules('The budget for this work is used up.'), { name: LAST, text: loose }], reason: 'Pay at once.', decisions: 10 });
  await page.goto(`/changes/${id}`);
  await expect(page.getByText('It did not pass its checks, so it cannot be approved.', { exact: false })).toBeVisible();
  await expect(page.getByRole('group', { name: 'Safety properties' }).getByRole('listitem').first()).toContainText('broken');
  await expect(page.getByRole('group', { name: LAST, exact: true }).getByText('added: @id("all-money")')).toBeVisible();
  const yes = page.getByRole('button', { name: 'Approve' });
  await expect(yes).toHaveAccessibleDescription('It did not pass its checks.');
  await yes.click({ force: true });
  await expect(page.getByRole('dialog')).toHaveCount(0);
});

test('a label that would point to another version shows both texts, is refused, and a new one is approved and stands in the history', async ({ page, browser }, info) => {
  const their = await manager(page, browser, `Labeller-${info.project.name}`);
  const { items }: { items: { name: string; version: number; labels: string[] }[] } = await (await page.request.get('/api/v1/prompts')).json();
  const own = items.filter((item) => item.name === 'assistant');
  const used = own.find((item) => item.labels.includes('production'));
  const other = own.find((item) => item.version !== used?.version);
  const refused = await propose(their, '/api/v1/prompts/proposals', { name: 'assistant', label: 'production', version: other?.version, reason: `Words of before, for ${info.project.name}.` });
  await page.goto(`/changes/${refused}`);
  await expect(page.getByText(`The label production would point to version ${other?.version}, and points to ${used?.version} now.`)).toBeVisible();
  const difference = page.getByRole('region', { name: 'Lines that differ' });
  await expect(difference.getByText(/^added: /).first()).toBeVisible();
  // Not the lines around a difference alone: the whole text is read.
  const { text } = await (await page.request.get(`/api/v1/prompts/assistant/${other?.version}`)).json();
  const lines = String(text).trim().split('\n');
  await expect(difference).toContainText(lines[0] ?? '');
  await expect(difference).toContainText(lines.at(-1) ?? '');
  await expect(difference.getByText(/lines? as before/)).toHaveCount(0);
  await page.getByRole('button', { name: 'Reject' }).click();
  await page.getByRole('dialog').getByLabel('Why').fill('The newer one is better.');
  await page.getByRole('dialog').getByRole('button', { name: 'Reject' }).click();
  await expect(page.getByText('Rejected. What governs is as it was.')).toBeVisible();

  const label = `trial-${info.project.name}`;
  const made = await propose(their, '/api/v1/prompts/proposals', { name: 'assistant', label, version: other?.version, reason: `To compare, for ${info.project.name}.` });
  await page.goto(`/changes/${made}`);
  await expect(page.getByText(`The label ${label} would be made and point to version ${other?.version}.`)).toBeVisible();
  await expect(page.getByRole('group', { name: 'Text of the version' })).toContainText(lines[0] ?? '');
  await approve(page);

  await page.goto('/prompts');
  await expect(page.getByText(label, { exact: true })).toBeVisible();
  await page.getByRole('button', { name: 'History of labels' }).click();
  await expect(page).toHaveURL('/prompts?show=labels');
  const history = page.locator('main ol > li');
  await expect(history.filter({ hasText: `To compare, for ${info.project.name}.` }).getByText('approved', { exact: true })).toBeVisible();
  const no = history.filter({ hasText: `Words of before, for ${info.project.name}.` });
  await expect(no.getByText('rejected', { exact: true })).toBeVisible();
  await expect(no).toContainText('The newer one is better.');
  await no.getByRole('link').click();
  await page.waitForURL(`/changes/${refused}`);
});
