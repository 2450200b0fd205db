/** Changes of tools and rules that somebody proposes. */
import { expect, request, type APIRequestContext } from '@playwright/test';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { world } from './world';

const RULES = '../policies/rules';
/** What a shipped rule says to people. */
export const REASON = 'The budget for this work is used up.';

/** The rules as they are shipped, with that one sentence in other words. */
export function ruleFiles(sentence: string): { name: string; text: string }[] {
  return readdirSync(RULES)
    .sort()
    .map((name) => ({ name, text: readFileSync(join(RULES, name), 'utf8').replace(`@reason("${REASON}")`, `@reason("${sentence}")`) }));
}

/** Proposes at a path, and answers under which id it waits. */
export async function propose(by: APIRequestContext, path: string, data: object): Promise<string> {
  const { origin } = world();
  const made = await by.post(`${origin}${path}`, { data, headers: { origin } });
  expect(made.status(), await made.text()).toBe(201);
  return String((await made.json()).governance_change_id);
}

/** A manager who is new here, as a program: one who proposes, and never decides. */
export async function managerOf(owner: APIRequestContext, name: string): Promise<APIRequestContext> {
  const { origin } = world();
  const other = await request.newContext({ baseURL: origin, storageState: { cookies: [], origins: [] } });
  expect((await other.post('/api/v1/session', { data: { link: await linkOf(owner, name) }, headers: { origin } })).ok()).toBe(true);
  return other;
}

/** Lets the server of tools say something else of its one tool. */
export async function says(words: string): Promise<void> {
  const heard = await fetch(`${world().tools}/says`, { method: 'POST', body: words });
  expect(heard.ok).toBe(true);
}

/** A one-time link of somebody who is new here; of a manager, unless it is said otherwise: one who proposes, and never decides. */
export async function linkOf(owner: APIRequestContext, name: string, role = 'manager'): Promise<string> {
  const { origin } = world();
  // Tests on several screens run against one program: the same name is somebody else each time.
  const email = `${name.toLowerCase().replaceAll(' ', '-')}-${Date.now().toString(36)}@example.org`;
  const made = await owner.post(`${origin}/api/v1/people`, { data: { email, display_name: name, roles: [{ role }] }, headers: { origin } });
  expect(made.status(), await made.text()).toBe(201);
  return new URL((await made.json()).sign_in_link).hash.replace('#token=', '');
}

/** Proposes that the tool be described in other words, and answers under which id that waits. */
export async function proposal(by: APIRequestContext, words: string, reason = words): Promise<string> {
  await says(words);
  return propose(by, '/api/v1/tools/proposals', { server: 'files', tools: [], reason });
}

/** The same by somebody else than the owner, who may decide on it then. */
export async function proposalOfAnother(owner: APIRequestContext, name: string): Promise<string> {
  const other = await managerOf(owner, name);
  const id = await proposal(other, 'Finds files by words of their name or of their text, in every folder. It follows links.', 'Support looks for files by what is in them.');
  await other.dispose();
  return id;
}

/** Other rules than those in force, proposed by somebody else than the owner. */
export async function rulesOfAnother(owner: APIRequestContext, name: string): Promise<string> {
  const other = await managerOf(owner, name);
  const id = await propose(other, '/api/v1/policies/proposals', { files: ruleFiles('There is no money left for this.'), reason: 'People asked what a budget is.', decisions: 10 });
  await other.dispose();
  return id;
}
