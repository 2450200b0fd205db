import { expect, firstWorkspace, test } from './fixtures';
import { sql } from './database';
import { AUDITOR, world } from './world';

/** Has a plugin keep three entries of one byte under keys of two in the workspace there was first, as if calls of it had. */
function keep(plugin: string): void {
  const place = 'from (select tenant_id, workspace_id from steward.workspace order by created_at, workspace_id limit 1) as place';
  sql(`insert into steward.plugin_state (tenant_id, workspace_id, plugin, bytes, entries) select tenant_id, workspace_id, '${plugin}', 9, 3 ${place}
         on conflict (tenant_id, workspace_id, plugin) do update set bytes = 9, entries = 3`);
  sql(`insert into steward.plugin_entry (tenant_id, workspace_id, plugin, key, value, version, integrity, private, best_integrity, best_private, changed_at)
       select tenant_id, workspace_id, '${plugin}', 'k' || number, 'x', 1, 4, false, 4, false, now() ${place}, generate_series(1, 3) as number`);
}

/** How much of a plugin is kept, by the table itself. */
function entries(plugin: string): string {
  return sql(`select count(*) from steward.plugin_entry where plugin = '${plugin}'`);
}

test('what a plugin keeps is told on its page, and taken away by an owner who was asked first', async ({ page }, info) => {
  // One for each screen: they go on side by side. The one is loaded, the other is no longer here.
  const here = info.project.name === 'phone' ? 'documents' : 'crm';
  const left = `old_${info.project.name}`;
  keep(here);
  keep(left);
  await page.goto('/tools');
  const group = page.getByRole('region', { name: `What ${here} keeps` });
  await expect(group.getByRole('listitem')).toContainText('3 entries, 9 bytes');
  const leftBehind = page.getByRole('region', { name: 'Kept by plugins that are no longer here' });
  const old = leftBehind.getByRole('region', { name: `What ${left} keeps` });
  await expect(old.getByRole('listitem')).toContainText('3 entries, 9 bytes');

  // Nothing goes before the question was read.
  const ask = old.getByRole('button', { name: /^Forget what it keeps…/ });
  await ask.click();
  const sure = page.getByRole('dialog', { name: new RegExp(`^Forget what ${left} keeps in `) });
  await expect(sure).toContainText('cannot be brought back: 3 entries, 9 bytes');
  await expect(sure.getByRole('button', { name: 'Cancel' })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(sure).toHaveCount(0);
  expect(entries(left)).toBe('3');

  // A refusal says so, and stays beside the question.
  await page.route('**/api/v1/workspaces/*/kept/*', (route) => route.fulfill({ status: 403, contentType: 'application/problem+json', json: { status: 403, code: 'denied', detail: 'not this time', request_id: 'req_kept' } }), { times: 1 });
  await ask.click();
  await sure.getByRole('button', { name: 'Forget it' }).click();
  await expect(sure.getByRole('alert')).toContainText('not this time');
  expect(entries(left)).toBe('3');
  await sure.getByRole('button', { name: 'Forget it' }).click();
  await expect(page.getByText(new RegExp(`of what ${left} kept: 3 entries`))).toBeVisible();
  await expect(old).toHaveCount(0);
  expect([entries(left), entries(here)]).toEqual(['0', '3']);

  const { items } = await (await page.request.get('/api/v1/audit?action=plugin.forget&order=newest')).json();
  expect(items.some((one: { object: string; detail: { gone: number } }) => one.object === `plugin:${left}` && one.detail.gone === 3)).toBe(true);

  await group.getByRole('button', { name: /^Forget what it keeps…/ }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Forget it' }).click();
  await expect(group).toHaveCount(0);
  expect(entries(here)).toBe('0');
});

test('that it cannot be read how much plugins keep is said, and the tools are there all the same', async ({ page }, info) => {
  const left = `lost_${info.project.name}`;
  keep(left);
  await page.route('**/api/v1/plugins/kept', (route) => route.fulfill({ status: 403, contentType: 'application/problem+json', json: { status: 403, code: 'denied', detail: 'not this time', request_id: 'req_keeping' } }), { times: 1 });
  await page.goto('/tools');
  const alert = page.locator('main').getByRole('alert');
  await expect(alert).toContainText('How much plugins keep could not be read.');
  await expect(alert).toContainText('not this time');
  await expect(alert).toContainText('req_keeping');
  await expect(page.getByRole('region', { name: /^crm@/ })).toBeVisible();
  // Of no plugin it is said that it keeps nothing.
  await expect(page.getByRole('region', { name: /^What .* keeps$/ })).toHaveCount(0);
  await alert.getByRole('button', { name: 'Try again' }).click();
  await expect(page.getByRole('region', { name: `What ${left} keeps` }).getByRole('listitem')).toContainText('3 entries, 9 bytes');
  await expect(alert).toHaveCount(0);
  // Taken away again: the page is looked at by others.
  sql(`delete from steward.plugin_state where plugin = '${left}'`);
});

test.describe('as somebody who may look only', () => {
  test.use({ storageState: AUDITOR });
  test('how much a plugin keeps is seen, and taking it away says who may', async ({ page }, info) => {
    const left = `seen_${info.project.name}`;
    keep(left);
    await page.goto('/tools');
    const kept = page.getByRole('region', { name: `What ${left} keeps` });
    await expect(kept.getByRole('listitem')).toContainText('3 entries, 9 bytes');
    const button = kept.getByRole('button', { name: /^Forget what it keeps…/ });
    await expect(button).toHaveAttribute('aria-disabled', 'true');
    await expect(button).toHaveAccessibleDescription('Only owners take away what a plugin keeps.');
    await button.click({ force: true });
    await expect(page.getByRole('dialog')).toHaveCount(0);
    const refused = await page.request.delete(`/api/v1/workspaces/${await firstWorkspace(page)}/kept/${left}`, { headers: { origin: world().origin } });
    expect(refused.status()).toBe(403);
    expect(entries(left)).toBe('3');
    // Taken away again: the page is looked at by others.
    sql(`delete from steward.plugin_state where plugin = '${left}'`);
  });
});
