/** Changes of tools that somebody proposes. */
import { expect, request, type APIRequestContext } from '@playwright/test';
import { world } from './world';

/** Lets the server of tools say something else of its one tool. */
export async function says(words: string): Promise<void> {
  const heard = await fetch(`${world().tools}/says`, { method: 'POST', body: words });
  expect(heard.ok).toBe(true);
}

/** A one-time link of a manager who is new here: one who proposes, and never decides. */
export async function linkOf(owner: APIRequestContext, name: string): Promise<string> {
  const { origin } = world();
  // Tests on several screens run against one program: the same name is somebody else each time.
  const email = `${name.toLowerCase().replaceAll(' ', '-')}-${Date.now().toString(36)}@example.org`;
  const made = await owner.post(`${origin}/api/v1/people`, { data: { email, display_name: name, roles: [{ role: 'manager' }] }, headers: { origin } });
  expect(made.status(), await made.text()).toBe(201);
  return new URL((await made.json()).sign_in_link).hash.replace('#token=', '');
}

/** Proposes that the tool be described in other words, and answers under which id that waits. */
export async function proposal(by: APIRequestContext, words: string, reason = words): Promise<string> {
  await says(words);
  const { origin } = world();
  const made = await by.post(`${origin}/api/v1/tools/proposals`, { data: { server: 'files', tools: [], reason }, headers: { origin } });
  expect(made.status(), await made.text()).toBe(201);
  return String((await made.json()).governance_change_id);
}

/** The same by somebody else than the owner, who may decide on it then. */
export async function proposalOfAnother(owner: APIRequestContext, name: string): Promise<string> {
  const { origin } = world();
  const other = await request.newContext({ baseURL: origin, storageState: { cookies: [], origins: [] } });
  expect((await other.post('/api/v1/session', { data: { link: await linkOf(owner, name) }, headers: { origin } })).ok()).toBe(true);
  const id = await proposal(other, 'Finds files by words of their name or of their text, in every folder. It follows links.', 'Support looks for files by what is in them.');
  await other.dispose();
  return id;
}
