import { readFileSync } from 'node:fs';
import { expect, hold, say } from './fixtures';
import type { Page } from '@playwright/test';
import { asked } from './client-host';
import { proposalOfAnother, rulesOfAnother } from './proposals';
import { world } from './world';

/** Makes something to see, and says where each page with something on it is. */
export async function everyPage(page: Page, name: string): Promise<Record<string, string>> {
  await say(page, 'Who is Ada?');
  await expect(page.getByRole('cell', { name: 'ada@engines.example' })).toBeVisible();
  await hold(page, name);
  const conversation = new URL(page.url()).pathname;
  const card = (await page.getByRole('link', { name: 'Open the whole card' }).getAttribute('href')) ?? '';
  const first = async (path: string) => (await (await page.request.get(path)).json()).items[0];
  const run = await first('/api/v1/runs?limit=1');
  const contact = await first('/api/v1/contacts?q=ada');
  const grace = await first('/api/v1/contacts?q=hopper');
  const murray = await first('/api/v1/contacts?q=murray');
  const company = await first('/api/v1/companies?q=analytical');
  const deal = await first('/api/v1/deals');
  const alike = (await (await page.request.get('/api/v1/companies/duplicates')).json()).items[0];
  const person = (await (await page.request.get('/api/v1/people')).json()).items.find((one: { email: string }) => one.email === 'sam@example.org');
  const handbook = (await (await page.request.get('/api/v1/documents')).json()).items.find((one: { name: string }) => one.name === 'handbook.md');
  const change = await proposalOfAnother(page.request, 'Mo Manager');
  const rules = await rulesOfAnother(page.request, 'Ruth Rules');
  return {
    chat: '/chat',
    conversation,
    decisions: '/holds',
    decision: card,
    blocked: '/blocked',
    actions: '/actions',
    runs: '/runs',
    run: `/runs/${run.run_id}`,
    replay: `/runs/${run.run_id}?at=6`,
    fork: `/runs/${run.run_id}?fork=2`,
    budgets: '/budgets',
    usage: '/usage',
    'usage-by-model': '/usage?by=model',
    contacts: '/contacts',
    contact: `/contacts/${contact.contact_id}`,
    duplicates: '/contacts/duplicates',
    merge: `/contacts/duplicates?kept=${grace.contact_id}&other=${murray.contact_id}`,
    companies: '/companies',
    company: `/companies/${company.company_id}`,
    companies_duplicates: '/companies/duplicates',
    companies_merge: `/companies/duplicates?kept=${alike.company.company_id}&other=${alike.others[0].company.company_id}`,
    deals: '/deals',
    deal: `/deals/${deal.deal_id}`,
    documents: '/documents',
    documents_found: '/documents?q=card',
    documents_put: '/documents?new=1',
    document: `/documents/${handbook.document_id}?at=2`,
    schedules: '/schedules',
    schedule_new: '/schedules?new=1',
    policies: '/policies',
    policies_try: '/policies?show=try',
    policies_checks: '/policies?show=checks',
    policies_history: '/policies?show=history',
    changes: '/changes',
    change: `/changes/${change}`,
    change_rules: `/changes/${rules}`,
    suggestions: '/suggestions',
    grants: '/grants',
    tools: '/tools',
    tool: '/tools?open=crm.add_note',
    prompts: '/prompts',
    labels: '/prompts?show=labels',
    agents: '/agents',
    audit: '/audit',
    checkpoints: '/audit?show=checkpoints',
    verification: '/audit?show=verification',
    people: '/people',
    person: `/people?open=${person.person_id}`,
    workspaces: '/people?show=workspaces',
    health: '/health',
    settings: '/settings',
    installation: '/settings?show=installation',
    connect: `/oauth/authorize?${asked(world()).query}`,
  };
}

/** Pages with a dialog or a form over them that an address opens. */
export async function openedPages(page: Page): Promise<Record<string, string>> {
  const [action] = (await (await page.request.get('/api/v1/actions?verdict=held&limit=1')).json()).items;
  const [schedule] = (await (await page.request.get('/api/v1/schedules?limit=1')).json()).items;
  const [entry] = (await (await page.request.get('/api/v1/audit?limit=1')).json()).items;
  return {
    contact_form: '/contacts?new=1',
    company_form: '/companies?new=1',
    deal_form: '/deals?new=1',
    import: '/contacts?import=1',
    companies_import: '/companies?import=1',
    action: `/actions?open=${action.decision_id}`,
    audit_entry: `/audit?open=${entry.audit_id}`,
    invite: '/people?new=1',
    workspace_form: '/people?show=workspaces&new=1',
    grant_form: '/grants?new=1',
    budget_form: '/budgets?new=1',
    propose: '/tools?propose=files',
    schedule_alone: `/schedules?one=${schedule.schedule_id}`,
    offline: '/offline.html',
    missing: '/nothing-here',
  };
}

/** Only these pages, by name; all of them without it. */
const ONLY = process.env['PAGES']?.split(',');

/** The pages that are meant. */
export function chosen<T>(pages: Record<string, T>): Record<string, T> {
  return Object.fromEntries(Object.entries(pages).filter(([name]) => ONLY === undefined || ONLY.includes(name)));
}

/** What pages say while something is still to come, in each language. */
const COMING = new RegExp(
  `^(${['en', 'es', 'ar', 'ne']
    .flatMap((language) => {
      const words = JSON.parse(readFileSync(`messages/${language}.json`, 'utf8'));
      const { health } = JSON.parse(readFileSync(`messages/house/${language}.json`, 'utf8'));
      return [words.common.loading, words.run.starting, health.state.unknown];
    })
    .join('|')})$`,
);

/** Waits until a page has all it shows. */
export async function settled(page: Page): Promise<void> {
  await expect(page.locator('h1').first()).toBeAttached();
  await expect(page.getByText(COMING)).toHaveCount(0);
  await page.evaluate(() => document.fonts.ready.then(() => undefined));
}
