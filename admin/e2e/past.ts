/** What pages about the past are empty without. */
import type { Page } from '@playwright/test';
import { sql } from './database';
import { expect, say } from './fixtures';
import { managerOf, propose, ruleFiles } from './proposals';
import { world } from './world';

/** Pages about the past by the names of `everyPage`, each where something is on it; the suggestions only while it is as if the owner had asked. */
export const PAST = { blocked: '/blocked', policies_history: '/policies?show=history', labels: '/prompts?show=labels', suggestions: '/suggestions?least=3' } as const;
/** What is made last of the past. */
const LAST_LABEL = 'trial';

/** Waits until something is on the page about the past that is open: an empty one shows nothing of what it is for. */
export async function isFull(page: Page): Promise<void> {
  await expect(page.locator('main').getByRole('listitem').first(), page.url()).toBeVisible();
}

/** As often as something is approved before a rule for it can be suggested. */
const TIMES = 3;

/** Decides on a proposed change by the interface, for exactly what is there. */
async function decide(page: Page, id: string, verb: 'approve' | 'reject', reason: string): Promise<void> {
  const { origin } = world();
  const { content_digest } = await (await page.request.get(`${origin}/api/v1/changes/${id}`)).json();
  const data = verb === 'approve' ? { content_digest, reason } : { reason };
  const decided = await page.request.post(`${origin}/api/v1/changes/${id}/${verb}`, { data, headers: { origin } });
  expect(decided.status(), await decided.text()).toBe(200);
}

/** Approves the same often enough that a rule for it is suggested. */
export async function approveOften(page: Page): Promise<void> {
  for (let time = 0; time < TIMES; time += 1) {
    await say(page, 'Update the contact Grace with the phone in the note on Ada.');
    await page.getByRole('button', { name: 'Approve' }).click();
    await page.getByRole('button', { name: 'Approve exactly this' }).click();
    await expect(page.getByRole('article').getByText('The phone is written down.').last()).toBeVisible();
  }
}

/**
 * Does something while it is on record that the owner asked for what was approved, and that the phone in the note is for everybody: an agent that
 * is watched closely knows the one, the one here says after outside text that it cannot know; a note is the organisation's. What is changed on record is put back: the audit log would rightly say that it was changed.
 */
export async function asIfAsked(what: () => Promise<void>): Promise<void> {
  sql('create table public.kept as select decision_id, record from steward.decision');
  sql("set session_replication_role = replica; update steward.decision set record = (record::jsonb || jsonb_build_object('facts', record::jsonb -> 'facts' || '{\"class_asked\": true, \"leak\": false}'))::text where tool = 'crm.update_contact'");
  try {
    await what();
  } finally {
    sql('set session_replication_role = replica; update steward.decision set record = kept.record from public.kept where kept.decision_id = decision.decision_id; drop table public.kept');
  }
}

/**
 * Something that was blocked, two sets of rules that held one after the other, what was always approved, a label that was not moved and one that was.
 * Once for each program: several projects look at one.
 */
export async function makePast(page: Page): Promise<void> {
  const { items }: { items: { name: string; version: number; labels: string[] }[] } = await (await page.request.get(`${world().origin}/api/v1/prompts`)).json();
  const own = items.filter((item) => item.name === 'assistant');
  if (own.some((item) => item.labels.includes(LAST_LABEL))) return;
  await say(page, 'Do something forbidden.');
  await expect(page.getByRole('article').getByText('That is not possible here.', { exact: true }).last()).toBeVisible();
  const their = await managerOf(page.request, 'Petra Past');
  for (const [sentence, reason] of [
    ['The budget for this work is spent.', 'Nobody says that a budget is used up.'],
    ['What was set aside for this work is spent.', 'It says what a budget is.'],
  ] as const) {
    await decide(page, await propose(their, '/api/v1/policies/proposals', { files: ruleFiles(sentence), reason, decisions: 10 }), 'approve', 'It reads better.');
  }
  await approveOften(page);
  const other = own.find((item) => !item.labels.includes('production'))?.version;
  await decide(page, await propose(their, '/api/v1/prompts/proposals', { name: 'assistant', label: 'production', version: other, reason: 'The older words were shorter.' }), 'reject', 'The newer one asks before it writes.');
  await decide(page, await propose(their, '/api/v1/prompts/proposals', { name: 'assistant', label: LAST_LABEL, version: other, reason: 'To compare the two for a week.' }), 'approve', 'For a week.');
  await their.dispose();
}
