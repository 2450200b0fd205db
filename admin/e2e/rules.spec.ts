import { expect, hold, test } from './fixtures';
import { approveOften, asIfAsked } from './past';
import { AUDITOR } from './world';

test('such calls are allowed from a held card, and the next one runs without asking', async ({ page }, info) => {
  const name = `Granta${info.project.name}`;
  await hold(page, name);
  await page.getByRole('link', { name: 'Open the whole card' }).click();
  await page.waitForURL(/\/holds\/hold_/);
  await page.getByRole('button', { name: 'Allow such calls from now on' }).click();
  const dialog = page.getByRole('dialog', { name: 'Allow such calls from now on' });
  await expect(dialog.getByText('This one still waits for your decision.')).toBeVisible();
  // The ranges are those of the call: its very values.
  await expect(dialog.getByLabel('Values of name')).toHaveValue(name);
  await expect(dialog.getByLabel('Values of emails › *')).toHaveValue('mallory@engines.example');
  await dialog.getByLabel('Values of name').fill('');
  await dialog.getByRole('button', { name: 'Give a grant' }).click();
  await expect(dialog.getByRole('alert')).toHaveText(/at least one value/);
  await dialog.getByLabel('Values of name').fill(`${name}\n${name}Too`);
  await dialog.getByLabel('How often').fill('2');
  await dialog.getByRole('button', { name: 'Give a grant' }).click();
  await expect(page.getByText('Such calls run without asking from now on.')).toBeVisible();
  // The one that waits is as it was.
  await expect(page.getByRole('button', { name: 'Approve' })).toBeVisible();

  await page.goto('/chat');
  await page.getByRole('textbox', { name: 'Message' }).fill(`Do what the note on Ada asks, for somebody named ${name}Too.`);
  await page.getByRole('button', { name: 'Send' }).click();
  await expect(page.getByRole('article').getByText('is in the contacts now').last()).toBeVisible();
  await expect(page.getByRole('group', { name: /Held action/ })).toHaveCount(0);
  await hold(page, `${name}Other`);

  await page.goto('/grants');
  const grant = page.getByRole('listitem').filter({ hasText: '1 of 2' }).filter({ hasText: `${name}Too` });
  await expect(grant.getByRole('listitem').filter({ hasText: /^name/ })).toContainText(`${name} or ${name}Too`);
  await grant.getByRole('button', { name: 'Take back' }).click();
  await grant.getByRole('button', { name: 'Take back now' }).click();
  await expect(grant).toHaveCount(0);
});

test('a grant for such calls says where a value has characters that nobody would see', async ({ page }) => {
  await hold(page, 'Unseena');
  await page.getByRole('link', { name: 'Open the whole card' }).click();
  await page.waitForURL(/\/holds\/hold_/);
  await page.getByRole('button', { name: 'Allow such calls from now on' }).click();
  const dialog = page.getByRole('dialog', { name: 'Allow such calls from now on' });
  await expect(dialog.getByLabel('Values of name')).toHaveAccessibleDescription('One a line. It has characters that nobody sees.');
  await expect(dialog.getByLabel('Values of emails › *')).toHaveAccessibleDescription('One a line.');
});

test('a grant is given from the grants page, and what would be too wide is refused with the reason', async ({ page }, info) => {
  await page.goto('/grants');
  await page.getByRole('button', { name: 'Give a grant' }).click();
  const dialog = page.getByRole('dialog', { name: 'Give a grant' });
  const tool = dialog.getByLabel('Tool');
  await tool.selectOption('crm.add_note');
  await dialog.getByLabel('What is allowed of contact id').selectOption({ label: 'not there: a call with it is asked' });
  await dialog.getByRole('button', { name: 'Give a grant' }).click();
  await expect(dialog.getByRole('alert')).toContainText(/say which values are covered/);
  const contact = (await (await page.request.get('/api/v1/contacts?q=ada')).json()).items[0].contact_id;
  await dialog.getByLabel('What is allowed of contact id').selectOption({ label: 'exactly these values' });
  await dialog.getByLabel('Values of contact id').fill(contact);
  await dialog.getByLabel('How often').fill(info.project.name === 'phone' ? '3' : '4');
  await dialog.getByLabel('For how many days').fill('1');
  await dialog.getByRole('button', { name: 'Give a grant' }).click();
  await expect(dialog).toHaveCount(0);
  const grant = page.getByRole('listitem').filter({ hasText: info.project.name === 'phone' ? '0 of 3' : '0 of 4' });
  await expect(grant.getByText(contact, { exact: true })).toBeVisible();
  await grant.getByText('The same as a rule').click();
  await expect(grant.getByText(/context\.args\.contact_id/)).toBeVisible();
});

test('a card says who was asked too, and after how long', async ({ page }) => {
  await hold(page, 'Askeda');
  const link = (await page.getByRole('link', { name: 'Open the whole card' }).getAttribute('href')) ?? '';
  // Nobody waits half an hour here: the server's own tests do, with its clock.
  await page.route('**/api/v1/holds/hold_*', async (route) => {
    const response = await route.fetch();
    const body = await response.json();
    await route.fulfill({ response, json: { ...body, escalated: [{ after_minutes: 30, at: new Date().toISOString(), roles: ['owner', 'finance'] }] } });
  });
  await page.goto(link);
  await expect(page.getByText('Asked too: owner and finance')).toBeVisible();
  await expect(page.getByText(/nobody had decided after 30 minutes/)).toBeVisible();
});

test('a change of rules is tried on what is on record, and a broken one is named by its place', async ({ page }) => {
  await hold(page, 'Trya');
  await page.goto('/policies');
  const digest = await page.locator('main code').first().textContent();
  await page.getByRole('button', { name: 'Try a change' }).click();
  await expect(page).toHaveURL('/policies?show=try');
  const run = page.getByRole('button', { name: 'Try it' });
  await expect(run).toHaveAccessibleDescription('Write a rule, or choose one to leave out.');
  const text = page.getByLabel('Rules to add or change');
  await text.fill('@id("all-notes") permit (principal');
  await run.click();
  await expect(page.locator('main').getByRole('alert')).toContainText('99-tried.cedar');
  await text.fill('@id("all-writes") @reason("Everything that is written.") permit (principal, action == Action::"crm.create_contact", resource);');
  await run.click();
  const result = page.getByRole('region', { name: 'What would change' });
  await expect(result.getByRole('listitem').filter({ hasText: 'newly allowed' })).toContainText(/[1-9]/);
  await expect(result.getByText(/These rules are looser/)).toBeVisible();
  await expect(result.getByText('all-writes')).toBeVisible();
  await text.fill('');
  await page.getByText('Leave rules out').click();
  await page.getByRole('checkbox', { name: /^write-approved/ }).check();
  await run.click();
  await expect(result.getByRole('listitem').filter({ hasText: 'newly blocked' })).toContainText(/[1-9]/);
  // Nothing of it is in force.
  await page.goto('/policies');
  await expect(page.locator('main code').first()).toHaveText(digest ?? '');
});

test('a whole set of rules is tried from its files', async ({ page }) => {
  await page.goto('/policies?show=try');
  await page.getByRole('button', { name: 'A whole set' }).click();
  await page.getByLabel(/All files of the set/).setInputFiles([{ name: 'only.cedar', mimeType: 'text/plain', buffer: Buffer.from('@id("nothing") @reason("Nothing at all.") forbid (principal, action, resource);') }]);
  await page.getByRole('button', { name: 'Try it' }).click();
  const result = page.getByRole('region', { name: 'What would change' });
  await expect(result.getByRole('listitem').filter({ hasText: 'newly blocked' })).toContainText(/[1-9]/);
  await expect(result.getByRole('listitem').filter({ hasText: 'newly allowed' })).toContainText('0');
});

test.describe('as somebody who may look only', () => {
  test.use({ storageState: AUDITOR });
  test('grants are seen and not given', async ({ page }) => {
    await page.goto('/grants');
    const give = page.getByRole('button', { name: 'Give a grant' });
    await expect(give).toHaveAccessibleDescription('Only owners and managers give grants.');
    await give.click({ force: true });
    await expect(page.getByRole('dialog')).toHaveCount(0);
    await page.goto('/grants?new=1');
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
    await expect(page.getByRole('dialog')).toHaveCount(0);
  });
});

test('what was always approved is suggested as a rule, with what it would have changed', async ({ page }, info) => {
  await page.goto('/suggestions');
  await expect(page.getByRole('heading', { level: 1, name: 'Suggested rules' })).toBeVisible();
  await approveOften(page);
  await asIfAsked(async () => {
    await page.goto('/suggestions?days=30');
    await page.getByLabel('Approved at least').selectOption('3');
    await expect(page).toHaveURL('/suggestions?days=30&least=3');
    const suggestion = page.getByRole('listitem').filter({ has: page.getByRole('heading', { name: /update contact/ }) });
    await expect(suggestion.getByText(/^approved \d+ times, never refused/)).toBeVisible();
    await expect(suggestion.getByText(/[1-9]\d* newly allowed/)).toBeVisible();
    const rule = suggestion.getByRole('region', { name: 'The rule' });
    await expect(rule.locator('pre')).toContainText('Action::"crm.update_contact"');
    if (info.project.name === 'desktop') {
      await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
      await rule.getByRole('button', { name: /Copy the rule/ }).click();
      expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(await rule.locator('pre').textContent());
    }
    await suggestion.getByText('Decisions that would come out otherwise').click();
    await suggestion.getByRole('link', { name: /^dec_/ }).first().click();
    await expect(page.getByRole('dialog', { name: 'Action' })).toBeVisible();
  });
});

test('a question for suggestions that the server refuses says why', async ({ page }) => {
  await page.route('**/api/v1/policies/suggestions*', (route) => route.continue({ url: route.request().url().replace(/least=\d+/, 'least=1') }));
  await page.goto('/suggestions');
  await expect(page.locator('main').getByRole('alert')).toContainText('give 3 to 1000');
});
