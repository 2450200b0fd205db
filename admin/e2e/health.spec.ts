import { expect, say, test } from './fixtures';
import { wordsOf } from './looks';

test('a log that nobody signs is said to be late, with what to do', async ({ page }) => {
  const at = new Date(Date.now() - 60 * 60_000);
  const checkpoint = { tree_size: 7, root: `sha256:${'0'.repeat(64)}`, note: 'x', signed_at: at.toISOString() };
  const entry = { audit_id: 'audit_00000000000000000000000001', at: new Date(at.getTime() + 60_000).toISOString(), actor_kind: 'person', action: 'x', object: 'x', outcome: 'done', detail: {}, leaf: '0' };
  const asked: string[] = [];
  // There are always more before the newest: that says nothing of whether the newest is signed.
  await page.route('**/api/v1/audit/checkpoints?*', (route) => {
    asked.push(new URL(route.request().url()).search);
    return route.fulfill({ json: { items: [checkpoint], next_cursor: '00000000000000000000000000000007' } });
  });
  await page.route('**/api/v1/audit?*', (route) => route.fulfill({ json: { items: [entry], next_cursor: '00000000000000000000000000000001' } }));
  await page.goto('/health');
  const part = page.getByRole('group', { name: 'Audit log' });
  await expect(part.getByText('not well')).toBeVisible();
  await expect(part.getByText('Entries wait to be signed', { exact: false })).toBeVisible();
  await expect(part.getByText(/^Signed/)).toBeVisible();
  expect(asked[0]).toContain('order=newest');

  await page.unrouteAll();
  await page.reload();
  await expect(part.getByText('well', { exact: true })).toBeVisible();
  await expect(part.getByText('Entries wait to be signed', { exact: false })).toHaveCount(0);
});

test('runs that failed are listed with the way to each, and a model that does not answer is said', async ({ page }) => {
  await say(page, 'Who is Ada, for the health?');
  await expect(page.getByText('2 steps')).toBeVisible();
  let outcome = 'replied';
  await page.route('**/api/v1/runs?status=ended*', async (route) => {
    const response = await route.fetch();
    const body = await response.json();
    await route.fulfill({ response, json: { ...body, items: body.items.map((run: object, nth: number) => (nth === 0 ? { ...run, steps: 2, outcome } : run)) } });
  });
  await page.goto('/health');
  const of = (name: string) => page.getByRole('group', { name, exact: true });
  await expect(of('Models').getByText('The last run that asked one was answered.')).toBeVisible();
  await expect(of('Models').getByText('well', { exact: true })).toBeVisible();
  await expect(of('Runs that failed').getByText('well', { exact: true })).toBeVisible();
  outcome = 'model_failed';
  await page.reload();
  await expect(of('Models').getByText('look at it', { exact: true })).toBeVisible();
  await expect(of('Models').getByText('look at [models.*] in steward.toml', { exact: false })).toBeVisible();
  await expect(of('Runs that failed').getByText('look at it', { exact: true })).toBeVisible();
  await expect(of('Runs that failed').getByRole('link', { name: /^assistant, run …/ }).first()).toHaveAttribute('href', /^\/runs\/run_/);
  await expect(of('Runs that failed').getByText('no model answered').first()).toBeVisible();
});

test('runs that nobody takes are said to wait too long, with what to do', async ({ page }) => {
  const waiting = (seconds: number) => ({ run_id: `run_${String(seconds).padStart(26, '0')}`, created_at: new Date(Date.now() - seconds * 1_000).toISOString() });
  let queued: object = { items: [waiting(5)], next_cursor: null };
  await page.route('**/api/v1/runs?status=queued*', (route) => route.fulfill({ json: queued }));
  const part = page.getByRole('group', { name: 'Runs', exact: true });
  const advice = part.getByText('A run has waited for more than a minute: is a worker running? steward work starts one.');
  await page.goto('/health');
  await expect(part.getByText('1 waits for a worker', { exact: true })).toBeVisible();
  await expect(part.getByText('well', { exact: true })).toBeVisible();
  await expect(advice).toHaveCount(0);
  // The newest says nothing: the oldest is what nobody took.
  queued = { items: [waiting(5), waiting(120)], next_cursor: null };
  await page.reload();
  await expect(part.getByText('2 wait for a worker', { exact: true })).toBeVisible();
  await expect(part.getByText('look at it', { exact: true })).toBeVisible();
  await expect(advice).toBeVisible();
  // Of more than are counted the oldest is not seen.
  queued = { items: [waiting(5)], next_cursor: '00000000000000000000000000000001' };
  await page.reload();
  await expect(part.getByText('1 waits for a worker, and more', { exact: true })).toBeVisible();
  await expect(advice).toBeVisible();
});

test('why a message was given up is said in the language of the reader, and what the server wrote stands behind it', async ({ page }) => {
  const dead = (nth: number, more: object) => ({ notice_id: `notice_0000000000000000000000000${nth}`, person_id: 'person_00000000000000000000000001', channel: 'mail', matter: 'hold', matter_id: 'hold_00000000000000000000000001', state: 'dead', tries: 8, made_at: new Date().toISOString(), ...more });
  const items = [dead(1, { why: 'the mail server asks to try later (451)', reason: 'mail_later' }), dead(2, { why: 'words of another version', reason: 'of_another_version' })];
  await page.route('**/api/v1/notices/dead', (route) => route.fulfill({ json: { items } }));
  await page.addInitScript(() => localStorage.setItem('steward.locale', 'ar'));
  await page.goto('/health');
  const words = wordsOf('ar');
  const part = page.getByRole('group', { name: words('health.notices'), exact: true });
  await expect(part.getByText(words('notTold.mail_later'))).toBeVisible();
  await expect(part.getByText('the mail server asks to try later (451)')).toBeHidden();
  // What is not known here is not lost.
  await part.getByText(words('common.ofServer')).last().click();
  await expect(part.getByText('words of another version')).toBeVisible();
});

test('of what could not be asked nothing is concluded, and what is counted in part says that there is more', async ({ page }) => {
  const broken = { status: 500, contentType: 'application/problem+json', body: JSON.stringify({ status: 500, code: 'internal', detail: 'x', request_id: 'req_test' }) };
  for (const path of ['agents', 'policies', 'models', 'notices/dead', 'integrations', 'runs?status=running*']) await page.route(`**/api/v1/${path}`, (route) => route.fulfill(broken));
  await page.route('**/api/v1/runs?status=waiting*', async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, json: { ...(await response.json()), next_cursor: '00000000000000000000000000000001' } });
  });
  await page.goto('/health');
  const of = (name: string) => page.getByRole('group', { name, exact: true });
  for (const name of ['Agents', 'Rules', 'Models', 'Messages', 'Integrations', 'Runs']) {
    await expect(of(name).getByText('It could not be asked.').first(), name).toBeVisible({ timeout: 20_000 });
    await expect(of(name).getByText('not well', { exact: true }), name).toBeVisible();
  }
  for (const wrong of ['0 agents', '0 rules in force', 'No model is named', 'No model is configured', 'Without rules nothing is allowed', 'Whoever was to be told was told.', 'No server of tools']) {
    await expect(page.getByText(wrong, { exact: false }), wrong).toHaveCount(0);
  }
  await expect(of('Runs').getByText(/waits? for people, and more$/)).toBeVisible();
  await page.unrouteAll();
  await page.reload();
  await expect(of('Agents').getByText(/^\d+ agents?$/)).toBeVisible();
  await expect(of('Runs').getByText(/waits? for people$/)).toBeVisible();
});
