import { expect, firstWorkspace, test } from './fixtures';
import { world } from './world';

test('a form changes the version that it was opened with, whatever is read anew behind it, and the next one once that was refused', async ({ page }, info) => {
  const headers = { origin: world().origin };
  const workspace_id = await firstWorkspace(page);
  for (const [list, label, field, id, other, said] of [
    ['companies', 'Name', 'name', 'company_id', 'website', 'https://quicker.example'],
    ['contacts', 'Name', 'display_name', 'contact_id', 'job_title', 'Quicker'],
    ['deals', 'Title', 'title', 'deal_id', 'stage', 'won'],
  ] as const) {
    const called = (word: string) => `${word} of ${list} on ${info.project.name}`;
    const [quicker, own] = [called('Quicker'), called('Own')];
    const made = await (await page.request.post(`/api/v1/${list}`, { data: { workspace_id, [field]: called('First'), ...(list === 'deals' && { stage: 'new' }) }, headers })).json();
    const address = `/api/v1/${list}/${made[id]}`;
    await page.goto(`/${list}/${made[id]}`);
    await page.getByRole('button', { name: 'Change' }).click();
    const form = page.getByRole('dialog');
    await form.getByLabel(label).fill(own);
    const patched = await page.request.patch(address, { data: { version: made.version, [field]: quicker, [other]: said }, headers });
    expect(patched.status()).toBe(200);
    const theirs = (await patched.json())[other];
    expect(theirs).not.toEqual(made[other]);
    // Whoever comes back to the page is shown what there is now, behind what they wrote before.
    await expect(async () => {
      await page.evaluate(() => dispatchEvent(new Event('visibilitychange')));
      await expect(page.getByRole('heading', { level: 1, name: quicker, includeHidden: true })).toBeVisible({ timeout: 500 });
    }).toPass();
    await form.getByRole('button', { name: 'Save' }).click();
    await expect(form.getByText('Somebody else changed it meanwhile.', { exact: false })).toBeVisible();
    expect((await (await page.request.get(address)).json())[field]).toBe(quicker);
    await form.getByRole('button', { name: 'Save' }).click();
    await expect(form).toHaveCount(0);
    const now = await (await page.request.get(address)).json();
    // What was written here counts, and what only they wrote stays.
    expect([now[field], now[other]]).toEqual([own, theirs]);
  }
});

test('an address or a name that another record has is refused as that, and not as a change by somebody else', async ({ page }, info) => {
  const headers = { origin: world().origin };
  const workspace_id = await firstWorkspace(page);
  const address = `taken-${info.project.name}@engines.example`;
  const name = `Taken on ${info.project.name}`;
  await page.request.post('/api/v1/contacts', { data: { workspace_id, display_name: name, emails: [{ value: address }] }, headers });
  await page.request.post('/api/v1/companies', { data: { workspace_id, name }, headers });
  const contact = await (await page.request.post('/api/v1/contacts', { data: { workspace_id, display_name: `Late on ${info.project.name}` }, headers })).json();
  const company = await (await page.request.post('/api/v1/companies', { data: { workspace_id, name: `Late on ${info.project.name}` }, headers })).json();
  for (const [path, label, words, refusal] of [
    [`/contacts/${contact.contact_id}`, 'E-mail', address, 'already has the address'],
    [`/companies/${company.company_id}`, 'Name', name, 'already has the name'],
  ] as const) {
    await page.goto(path);
    await page.getByRole('button', { name: 'Change' }).click();
    const form = page.getByRole('dialog');
    await form.getByLabel(label).fill(words);
    await form.getByRole('button', { name: 'Save' }).click();
    await expect(form.getByText(refusal, { exact: false })).toBeVisible();
    await expect(form.getByText('Somebody else changed it meanwhile.', { exact: false })).toHaveCount(0);
  }
});
