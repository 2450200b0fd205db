/** Every list: while it is still to come, when nothing is there, when nothing fits, and when it cannot be read. */
import type { Page } from '@playwright/test';
import { expect, firstWorkspace, test } from './fixtures';
import { world } from './world';

interface List {
  name: string;
  /** Where it stands, or how that is found. */
  path: string | ((page: Page) => Promise<string>);
  /** Where it comes from. */
  api: string;
  /** What it says when nothing is there; nothing for a list that always has something. */
  none: string | null;
  /** The same with filters that nothing fits; nothing where there are none. */
  noMatch?: string;
  /** The server filters, and answers then that there is none; otherwise what there is is filtered. */
  isAsked?: boolean;
  /** What the server answers then; an empty page, unless it is said otherwise. */
  empty?: object;
}

const PAGE = { items: [], next_cursor: null };
/** Each stays with its lists: a change of the one is a change of the other. */
const LISTS: readonly List[] = [
  { name: 'conversations', path: '/chat', api: '/api/v1/conversations?*', none: 'No conversations yet' },
  { name: 'messages of a conversation', path: aConversation, api: '/api/v1/conversations/*/messages?*', none: 'Nothing was said yet' },
  { name: 'decisions', path: '/holds', api: '/api/v1/holds?*', none: 'Nothing waits', noMatch: '/holds?q=zzzz' },
  { name: 'all decisions', path: '/holds?show=all', api: '/api/v1/holds?*', none: 'Nothing was ever held' },
  { name: 'schedules', path: '/schedules', api: '/api/v1/schedules?*', none: 'Nothing is planned', noMatch: '/schedules?show=over' },
  { name: 'blocked actions', path: '/blocked', api: '/api/v1/actions?*', none: 'Nothing was blocked', noMatch: '/blocked?q=zzzz' },
  { name: 'all actions', path: '/actions', api: '/api/v1/actions?*', none: 'No actions yet', noMatch: '/actions?tool=zzzz' },
  { name: 'runs', path: '/runs', api: '/api/v1/runs?*', none: 'No runs yet', noMatch: '/runs?status=running', isAsked: true },
  { name: 'budgets', path: '/budgets', api: '/api/v1/budgets', none: 'No budgets' },
  { name: 'runs that wait for room', path: '/budgets', api: '/api/v1/budgets/holds?state=held*', none: 'No run waits for room.' },
  { name: 'broken glass', path: '/budgets', api: '/api/v1/budgets/holds?unreviewed=true*', none: 'No broken glass waits for a review.' },
  { name: 'usage', path: '/usage', api: '/api/v1/usage?*', none: 'Nothing was used', empty: { by: 'day', from: '2026-01-01T00:00:00Z', to: '2026-01-31T00:00:00Z', items: [], is_cut: false } },
  { name: 'contacts', path: '/contacts', api: '/api/v1/contacts?*', none: 'No contacts yet', noMatch: '/contacts?q=zzzz' },
  { name: 'duplicates', path: '/contacts/duplicates', api: '/api/v1/contacts/duplicates?*', none: 'No duplicates' },
  { name: 'companies', path: '/companies', api: '/api/v1/companies?*', none: 'No companies yet', noMatch: '/companies?q=zzzz' },
  { name: 'people of a company', path: aCompany, api: '/api/v1/contacts?company_id=*', none: 'Nobody of this company is among the contacts.' },
  { name: 'duplicates among companies', path: '/companies/duplicates', api: '/api/v1/companies/duplicates?*', none: 'No duplicates' },
  { name: 'deals', path: '/deals', api: '/api/v1/deals/stages', none: 'No deals yet', empty: { items: [], is_cut: false } },
  { name: 'documents', path: '/documents', api: '/api/v1/documents?*', none: 'No documents yet', noMatch: '/documents?q=zzzz' },
  { name: 'passages of documents', path: '/documents?q=zzzz', api: '/api/v1/search?*', none: 'Nothing matches' },
  { name: 'rules', path: '/policies', api: '/api/v1/policies', none: 'No rules', noMatch: '/policies?q=zzzz', empty: { digest: `sha256:${'0'.repeat(64)}`, rules: [] } },
  { name: 'checks of the rules', path: '/policies?show=checks', api: '/api/v1/policies/checks', none: 'There are no tools that rules could be asked about.', empty: { digest: `sha256:${'0'.repeat(64)}`, sound: true, cases: 0, failed_cases: [], problems: [], properties: [], matrix: [] } },
  { name: 'sets of rules', path: '/policies?show=history', api: '/api/v1/policies/history?*', none: 'No set of rules was approved yet' },
  { name: 'proposed changes', path: '/changes', api: '/api/v1/changes?*', none: 'Nothing is proposed', noMatch: '/changes?kind=grant', isAsked: true },
  { name: 'suggested rules', path: '/suggestions', api: '/api/v1/policies/suggestions?*', none: 'Nothing to suggest' },
  { name: 'standing grants', path: '/grants', api: '/api/v1/grants?*', none: 'No grants in force', noMatch: '/grants?show=over', isAsked: true },
  { name: 'tools', path: '/tools', api: '/api/v1/tools', none: 'No tools', noMatch: '/tools?q=zzzz' },
  { name: 'prompts', path: '/prompts', api: '/api/v1/prompts', none: 'No prompts' },
  { name: 'labels', path: '/prompts?show=labels', api: '/api/v1/changes?kind=prompt_label*', none: 'No label was ever proposed to move' },
  { name: 'agents', path: '/agents', api: '/api/v1/agents', none: 'No agents' },
  { name: 'audit log', path: '/audit', api: '/api/v1/audit?*', none: 'Nothing is written down yet', noMatch: '/audit?action=zzzz' },
  { name: 'checkpoints', path: '/audit?show=checkpoints', api: '/api/v1/audit/checkpoints?*', none: 'No checkpoints yet' },
  { name: 'verification', path: '/audit?show=verification', api: '/api/v1/audit/verification', none: 'Nothing is signed yet.', empty: { whole: true, entries: 0, signed: 0, waiting: 0, more: 0, problems: [], checked_at: '2026-01-01T00:00:00Z', checkpoint: null } },
  { name: 'people', path: '/people', api: '/api/v1/people?limit=200', none: 'Nobody is here', noMatch: '/people?q=zzzz' },
  { name: 'workspaces', path: '/people?show=workspaces', api: '/api/v1/workspaces?limit=100', none: 'No workspaces' },
  { name: 'sessions', path: '/settings', api: '/api/v1/sessions*', none: null },
  { name: 'tokens', path: '/settings', api: '/api/v1/tokens*', none: 'No tokens yet.' },
  { name: 'passkeys', path: '/settings', api: '/api/v1/me/passkeys', none: 'No passkeys yet.' },
  { name: 'browsers that are told', path: '/settings', api: '/api/v1/me/push', none: 'No browser yet.' },
  { name: 'models', path: '/settings?show=installation', api: '/api/v1/models', none: 'No model is configured: agents cannot answer.' },
];

async function aCompany(page: Page): Promise<string> {
  const { items } = await (await page.request.get('/api/v1/companies?limit=1')).json();
  return `/companies/${items[0].company_id}`;
}

async function aConversation(page: Page): Promise<string> {
  const made = await page.request.post('/api/v1/conversations', { data: { agent: 'assistant', title: 'Looked at', workspace_id: await firstWorkspace(page) }, headers: { origin: world().origin } });
  return `/chat/${(await made.json()).conversation_id}`;
}

for (const { name, path, api, none, noMatch, isAsked = false, empty = PAGE } of LISTS) {
  test.describe(name, () => {
    test('a list says that it is still to come, that nothing is there, that nothing fits, and that it cannot be read', async ({ page }) => {
      const pattern = `**${api}`;
      let answer: 'late' | 'empty' | 'refused' | 'real' = 'late';
      let release: () => void = () => undefined;
      const late = new Promise<void>((done) => {
        release = done;
      });
      await page.route(pattern, async (route) => {
        if (route.request().method() !== 'GET') return route.continue();
        if (answer === 'late') await late;
        if (answer === 'refused') return route.fulfill({ status: 403, contentType: 'application/problem+json', json: { status: 403, code: 'denied', detail: 'x', request_id: 'req_list' } });
        return answer === 'real' ? route.continue() : route.fulfill({ json: empty });
      });
      const place = typeof path === 'string' ? path : await path(page);
      await page.goto(place);
      await expect(page.locator('main').getByRole('status').filter({ hasText: 'Loading', visible: true }).first()).toBeVisible();
      answer = none === null ? 'real' : 'empty';
      release();
      if (none !== null) await expect(page.locator('main').getByText(none, { exact: true }).filter({ visible: true }).first()).toBeVisible();
      await expect(page.locator('main').getByRole('status').filter({ hasText: 'Loading', visible: true })).toHaveCount(0);

      answer = 'refused';
      await page.goto(place);
      const alert = page.locator('main').getByRole('alert').filter({ visible: true, hasText: 'req_list' }).first();
      await expect(alert).toBeVisible();
      answer = 'real';
      await alert.getByRole('button', { name: 'Try again' }).click();
      await expect(page.locator('main').getByRole('alert').filter({ visible: true, hasText: 'req_list' })).toHaveCount(0);

      if (noMatch === undefined) return;
      if (isAsked) answer = 'empty';
      await page.goto(noMatch);
      await expect(page.getByText('Nothing matches')).toBeVisible();
      await page.getByRole('button', { name: 'Clear filters' }).click();
      await expect(page.getByText('Nothing matches')).toHaveCount(0);
      expect(page.url()).not.toMatch(/zzzz|show=over|kind=grant|status=running/);
    });
  });
}

test('notes of a record: none, and not to be read', async ({ page }, info) => {
  await page.goto('/contacts');
  const headers = { origin: new URL(page.url()).origin };
  const made = await (await page.request.post('/api/v1/contacts', { data: { workspace_id: await firstWorkspace(page), display_name: `Noted ${info.project.name}` }, headers })).json();
  await page.route('**/api/v1/contacts/*/notes*', (route) => route.fulfill({ status: 403, contentType: 'application/problem+json', json: { status: 403, code: 'denied', detail: 'x', request_id: 'req_notes' } }), { times: 1 });
  await page.goto(`/contacts/${made.contact_id}`);
  const alert = page.locator('main').getByRole('alert');
  await expect(alert).toContainText('req_notes');
  await alert.getByRole('button', { name: 'Try again' }).click();
  await expect(page.getByText('No notes yet')).toBeVisible();
});

test('a list that is never answered says so after a while, and comes when it is asked for again', async ({ page }) => {
  await page.clock.install();
  let isHung = true;
  let asked = 0;
  await page.route('**/api/v1/runs?*', (route) => {
    asked += 1;
    return isHung ? undefined : route.continue();
  });
  await page.goto('/runs');
  await expect.poll(() => asked).toBe(1);
  const main = page.getByRole('main');
  await page.clock.fastForward(85_000);
  await expect(main.getByText('Loading')).toBeAttached();
  await expect(main.getByRole('alert')).toHaveCount(0);
  await page.clock.fastForward(10_000);
  await expect(main.getByRole('alert')).toContainText('The server does not answer');
  // Nobody is kept waiting as long again without having asked for it.
  expect(asked).toBe(1);
  isHung = false;
  await main.getByRole('button', { name: 'Try again' }).click();
  await expect(main.getByRole('alert')).toHaveCount(0);
  expect(asked).toBe(2);
});
