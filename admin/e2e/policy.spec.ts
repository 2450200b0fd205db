import type { Page } from '@playwright/test';
import { expect, hold, test } from './fixtures';
import { managerOf, propose, REASON, ruleFiles } from './proposals';

const TRIAL = '95-trial.cedar';
const [FIRST, LAST] = ['rules/00-limits.cedar', `rules/${TRIAL}`] as const;

async function approve(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Approve' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Approve exactly this' }).click();
  await expect(page.getByText('Approved. It is in force within two seconds.')).toBeVisible();
}

test('proposed rules are read before anybody decides: every line that differs, file by file, and each file whole', async ({ page }, info) => {
  const their = await managerOf(page.request, `Ruler-${info.project.name}`);
  const sentence = `The budget is used up, says ${info.project.name}.`;
  const trial = '// Nobody\u200b sees all of this.\n@id("trial-read")\n@reason("Reading, once more.")\npermit (principal, action in Action::"read", resource);\n';
  const refused = await propose(their, '/api/v1/policies/proposals', { files: [...ruleFiles(sentence), { name: TRIAL, text: trial }], reason: `Other words, and one rule more, for ${info.project.name}.`, decisions: 10 });
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
  await expect(first.locator('pre')).toHaveText(ruleFiles(sentence)[0]?.text ?? '', { useInnerText: true });
  // What nobody would see is marked, in the difference and in the file.
  const last = text.getByRole('group', { name: LAST, exact: true });
  await expect(last.getByText('new', { exact: true })).toBeVisible();
  await expect(last.getByText('It has characters that nobody sees.', { exact: false })).toBeVisible();
  await expect(last.getByText('added: @id("trial-read")')).toBeVisible();
  await last.getByText('The whole file').click();
  await expect(last.locator('pre')).toContainText('Nobody⟨U+200B⟩ sees all of this.');
  // What is as before says so, and is there to read all the same.
  const same = text.getByRole('group', { name: 'rules/10-read.cedar', exact: true });
  await expect(same.getByText('as before', { exact: true })).toBeVisible();
  await expect(text.getByRole('group', { name: /\.toml$/ }).first()).toBeVisible();
  await page.screenshot({ path: `test-results/change-rules-${info.project.name}.png`, fullPage: true });
  await page.getByRole('button', { name: 'Reject' }).click();
  await page.getByRole('dialog').getByLabel('Why').fill('One rule too many.');
  await page.getByRole('dialog').getByRole('button', { name: 'Reject' }).click();
  await expect(page.getByText('Rejected. What governs is as it was.')).toBeVisible();

  const approved = await propose(their, '/api/v1/policies/proposals', { files: ruleFiles(sentence), reason: 'Other words alone.', decisions: 10 });
  await page.goto(`/changes/${approved}`);
  await expect(first.getByText(`added: @reason("${sentence}")`)).toBeVisible();
  await expect(text.getByRole('group', { name: LAST, exact: true })).toHaveCount(0);
  await approve(page);
  await expect.poll(async () => JSON.stringify(await (await page.request.get('/api/v1/policies')).json())).toContain(sentence);

  // The next is put beside the set that was approved, letter for letter, and leaves the rules as they were shipped.
  const back = await propose(their, '/api/v1/policies/proposals', { files: ruleFiles(REASON), reason: 'As they were shipped.', decisions: 10 });
  await page.goto(`/changes/${back}`);
  await expect(text.getByText(/^Beside version \d+, which was approved last before it/)).toBeVisible();
  await expect(first.getByText(`removed: @reason("${sentence}")`)).toBeVisible();
  await expect(first.getByText(`added: @reason("${REASON}")`)).toBeVisible();
  await expect(same.getByText('as before', { exact: true })).toBeVisible();
  await approve(page);

  // However many are approved after it, what it took the place of is found.
  await page.route('**/api/v1/policies/history?*', async (route) => {
    const asked = new URL(route.request().url());
    if (asked.searchParams.get('cursor') === 'rest') {
      asked.searchParams.delete('cursor');
      return route.fulfill({ response: await route.fetch({ url: asked.href }) });
    }
    const response = await route.fetch();
    const { items } = await response.json();
    const since = Array.from({ length: 200 }, (_, at) => ({ ...items[0], governance_change_id: `change_${String(at).padStart(26, '0')}`, decided_at: '2999-01-01T00:00:00Z' }));
    return route.fulfill({ response, json: { items: since, next_cursor: 'rest' } });
  });
  await page.goto(`/changes/${back}`);
  await expect(text.getByText(/^Beside version \d+, which was approved last before it/)).toBeVisible();
  await expect(first.getByText(`removed: @reason("${sentence}")`)).toBeVisible();
  await page.unroute('**/api/v1/policies/history?*');

  await page.goto('/policies');
  await page.getByRole('button', { name: 'History' }).click();
  await expect(page).toHaveURL('/policies?show=history');
  const sets = page.locator('main ul > li[data-key]');
  await expect(sets.first()).toContainText('As they were shipped.');
  await expect(sets.first().getByText('in force', { exact: true })).toBeVisible();
  await expect(sets.nth(1)).toContainText('Other words alone.');
  await expect(sets.filter({ hasText: 'one rule more' })).toHaveCount(0);
  await sets.nth(1).getByRole('link').click();
  await page.waitForURL(`/changes/${approved}`);
  await expect(first.locator('summary', { hasText: 'The whole file' })).toBeVisible();
  await expect(page.getByRole('button', { name: 'Approve' })).toHaveCount(0);
});

test('proposed rules say what they would have changed of the decisions on record, with their counts', async ({ page }, info) => {
  await hold(page, 'Backa');
  const their = await managerOf(page.request, `Counter-${info.project.name}`);
  const never = '@id("no-more-contacts")\n@reason("Nobody is added any more.")\nforbid (principal, action == Action::"crm.create_contact", resource);\n';
  const id = await propose(their, '/api/v1/policies/proposals', { files: [...ruleFiles(`Nothing is left, says ${info.project.name}.`), { name: TRIAL, text: never }], reason: 'No more contacts.', decisions: 10 });
  await their.dispose();
  const { report } = await (await page.request.get(`/api/v1/changes/${id}`)).json();
  const { newly_allowed: allowed, newly_held: held, newly_blocked: blocked, judged } = report.changes.decisions;
  expect(blocked).toBeGreaterThan(0);
  await page.goto(`/changes/${id}`);
  const result = page.getByRole('region', { name: 'What would change' });
  for (const [count, of] of [
    [allowed, 'newly allowed'],
    [held, 'newly held'],
    [blocked, 'newly blocked'],
  ] as const) {
    await expect(result.getByRole('listitem').filter({ hasText: of })).toHaveText(new RegExp(`^${count}\\s*${of}$`));
  }
  const fact = (name: string) => result.locator('dl > div').filter({ has: page.getByRole('term').filter({ hasText: name }) }).getByRole('definition');
  await expect(fact('Decisions judged')).toHaveText(String(judged));
  await expect(fact('New rules')).toHaveText('no-more-contacts');
  await expect(fact('Changed rules')).toHaveText('over-budget');
  // What was held just now would be blocked, and leads to it.
  const [first] = report.changes.decisions.differences;
  await expect(result.locator(`a[href="/actions?tool=${encodeURIComponent(first.tool)}&open=${first.id}"]`)).toBeVisible();
  await expect(result.getByText('Nobody is added any more.').first()).toBeVisible();
});

test('rules that break a safety property are shown with what is wrong first, and cannot be approved', async ({ page }, info) => {
  const their = await managerOf(page.request, `Breaker-${info.project.name}`);
  const loose = '@id("all-money")\n@reason("Everybody pays.")\npermit (principal, action in Action::"money", resource);\n';
  const id = await propose(their, '/api/v1/policies/proposals', { files: [...ruleFiles(REASON), { name: TRIAL, text: loose }], reason: 'Pay at once.', decisions: 10 });
  await page.goto(`/changes/${id}`);
  await expect(page.getByText('It did not pass its checks, so it cannot be approved.', { exact: false })).toBeVisible();
  await expect(page.getByRole('group', { name: 'Safety properties' }).getByRole('listitem').first()).toContainText('broken');
  await expect(page.getByRole('group', { name: LAST, exact: true }).getByText('added: @id("all-money")')).toBeVisible();
  const yes = page.getByRole('button', { name: 'Approve' });
  await expect(yes).toHaveAccessibleDescription('It did not pass its checks.');
  await yes.click({ force: true });
  await expect(page.getByRole('dialog')).toHaveCount(0);
});

test('what is in force has its cases, properties and matrix on the page of policies', async ({ page }) => {
  await page.goto('/policies');
  await page.getByRole('button', { name: 'Checks' }).click();
  await expect(page).toHaveURL('/policies?show=checks');
  await expect(page.getByText('keeps all checks', { exact: true })).toBeVisible({ timeout: 40_000 });
  await expect(page.getByText(/^\d+ cases were run\./)).toBeVisible();
  const properties = page.getByRole('group', { name: 'Safety properties' });
  await expect(properties.getByRole('listitem').filter({ hasText: 'never money without approval by owner' })).toContainText(/proved|not broken/);
  const matrix = page.getByRole('region', { name: 'What the rules say' });
  const row = matrix.getByRole('row').filter({ has: page.getByRole('rowheader', { name: /^crm\.create_contact/ }) });
  // Asked by the owner in their own words it runs; of words from outside it waits, until support says yes.
  await expect(row.getByRole('cell').first()).toHaveText('allowed');
  await matrix.getByLabel('Situation').selectOption({ index: 1 });
  await expect(page).toHaveURL(/show=checks&at=1/);
  await expect(row.getByRole('cell').first()).toContainText('held');
  await expect(row.getByRole('cell').first()).toContainText('support');
  await expect(row.getByRole('cell').nth(2)).toHaveText('allowed');
});

test('rules in force that fail their checks say so, with the case that failed and the call that breaks a property', async ({ page }) => {
  // Rules like these are never put in force by the web: they stand in.
  const property = { property: 'never money without approval by owner', status: 'broken', tried: 12, by: ['all-money'], case: 'tool = "payouts.prepare"' };
  const failed = { file: 'write.toml', name: 'a note nobody asked for waits', tool: 'crm.add_note', differences: ['expected hold, got allow'], by: ['write-asked'], reason: 'x' };
  await page.route('**/api/v1/policies/checks', (route) =>
    route.fulfill({ json: { digest: `sha256:${'a'.repeat(64)}`, sound: false, matrix: [], cases: 3, failed_cases: [failed], properties: [{ ...property, property: 'no send of private content', status: 'proved', by: [], case: null }, property], problems: ['a property cannot be read'] } }),
  );
  await page.goto('/policies?show=checks');
  await expect(page.getByText('fails a check', { exact: true })).toBeVisible();
  await expect(page.getByText('3 cases were run. 1 failed.')).toBeVisible();
  await expect(page.getByText('a property cannot be read')).toBeVisible();
  await expect(page.getByRole('group', { name: '1 case fails' })).toContainText('expected hold, got allow');
  const first = page.getByRole('group', { name: 'Safety properties' }).getByRole('listitem').first();
  await expect(first).toContainText('Allowed by all-money');
  await expect(first).toContainText('tool = "payouts.prepare"');
  await expect(page.getByText('There are no tools that rules could be asked about.')).toBeVisible();
});

test('a label that would point to another version shows both texts, is refused, and a new one is approved and stands in the history', async ({ page }, info) => {
  const their = await managerOf(page.request, `Labeller-${info.project.name}`);
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
  const history = page.locator('main ul > li[data-key]');
  await expect(history.filter({ hasText: `To compare, for ${info.project.name}.` }).getByText('approved', { exact: true })).toBeVisible();
  const no = history.filter({ hasText: `Words of before, for ${info.project.name}.` });
  await expect(no.getByText('rejected', { exact: true })).toBeVisible();
  await expect(no).toContainText('The newer one is better.');
  await no.getByRole('link').click();
  await page.waitForURL(`/changes/${refused}`);
});
