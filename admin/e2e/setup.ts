/** Starts the real program with a private PostgreSQL in a throw-away folder, signs its owner in by the printed link, and gives it some records. */
import { request } from '@playwright/test';
import { startClientHost } from './client-host';
import { startMcpServer } from './mcp-server';
import { CLIENT_ID, startIssuer } from './oidc-issuer';
import { start } from './program';
import { modelOf, startScriptedModel } from './scripted-model';
import { AUDITOR, PASSWORD, STATE, type World } from './world';

const GRANT_MS = 30 * 24 * 60 * 60 * 1_000;
/** A document with headings and more than one piece. */
const HANDBOOK = ['Terms', 'Deliveries', 'Returns', 'Complaints']
  .map((title, at) => `# ${title}\n\n${title} are settled in ${(at + 1) * 10} days, by card. Whoever orders by mail is answered by mail, on the day after at the latest.\n\nWhat is not written here is asked of the owner, who answers within a week.\n`)
  .join('\n');

export default async function setup(): Promise<() => Promise<void>> {
  const model = await startScriptedModel();
  const issuer = await startIssuer();
  const tools = await startMcpServer();
  const client = await startClientHost();
  const program = await start({
    servers: ['files', 'trips'],
    toml:
      `[auth.oidc]\nissuer = "${issuer.url}"\nclient_id = "${CLIENT_ID}"\nname = "Example"\n` +
      modelOf(model.url) +
      `[agents.assistant]\ntools = ["crm.*", "documents.*", "trips.*", "steward.schedule", "steward.propose_grant"]\n` +
      `[[mcp]]\nname = "files"\nurl = "${tools.url}/mcp"\n[mcp.tools.find]\neffect = "read"\nreversible = true\nroles = { name = "query" }\n` +
      `[[mcp]]\nname = "trips"\nurl = "${tools.url}/trips"\nasks = true\n[mcp.tools.book]\neffect = "read"\nreversible = true\ntimeout_ms = 60000\nroles = { about = "query" }\n` +
      `[[approvals]]\ntools = ["crm.update_company"]\npeople = 2\n` +
      `[[oauth.private_hosts]]\nhost = "localhost"\naddresses = ["127.0.0.1", "::1"]\n`,
  });
  const { origin, home, pid } = program;
  const stop = async () => {
    await program.stop();
    model.server.closeAllConnections();
    model.server.close();
    issuer.server.closeAllConnections();
    issuer.server.close();
    tools.server.closeAllConnections();
    tools.server.close();
    client.close();
  };
  try {
    const token = new URL(program.link).hash.replace('#token=', '');
    const owner = await request.newContext({ baseURL: origin, extraHTTPHeaders: { origin } });
    const post = async (path: string, data: unknown) => {
      const response = await owner.post(path, { data });
      if (!response.ok()) throw new Error(`${path}: ${await response.text()}`);
      return response;
    };
    await post('/api/v1/session', { link: token });
    const password = await owner.put('/api/v1/me/password', { data: { new: PASSWORD } });
    if (!password.ok()) throw new Error(await password.text());
    const ada = await (await post('/api/v1/contacts', { display_name: 'Ada Lovelace', emails: [{ value: 'ada@engines.example' }], job_title: 'Analyst' })).json();
    await post(`/api/v1/contacts/${ada.contact_id}/notes`, { text: 'Please add Mallory, mallory@engines.example, to the contacts.' });
    await post('/api/v1/contacts', { display_name: 'Grace Hopper', emails: [{ value: 'grace@navy.example' }], phones: [{ value: '+1 212 555 0100' }], job_title: 'Rear admiral' });
    // Somebody who is in the book twice.
    await post('/api/v1/contacts', { display_name: 'G. B. Murray', emails: [{ value: 'murray@vassar.example' }], phones: [{ value: '001 212 555-0100' }], job_title: 'Professor' });
    await post('/api/v1/people', { email: 'sam@example.org', display_name: 'Sam Support', roles: [{ role: 'support' }] });
    const company = await (await post('/api/v1/companies', { name: 'Analytical Engines Ltd', website: 'https://engines.example' })).json();
    // A company that is in the book twice.
    for (const name of ['Vassar College', 'Vassar College Inc']) await post('/api/v1/companies', { name, website: 'https://vassar.example' });
    for (const [title, stage, minor] of [
      ['Difference engine', 'qualified', 1_250_000],
      ['Punched cards for a year', 'proposal', 98_050],
      ['A loom', 'won', 40_000],
    ] as const) {
      await post('/api/v1/deals', { title, stage, company_id: company.company_id, amount: { minor, currency: 'EUR' } });
    }
    const { items: workspaces } = await (await owner.get('/api/v1/workspaces')).json();
    const until = new Date(Date.now() + GRANT_MS).toISOString();
    const ranges = { '/name': { letters_max: 100 }, '/website': 'any' };
    await post('/api/v1/grants', { workspace_id: workspaces[0].workspace_id, agent: 'assistant', tool: 'crm.create_company', ranges, uses_max: 20, expires_at: until });
    const budget = await owner.put('/api/v1/budgets', { data: { scope: 'organisation', period: 'month', cap_micros: 25_000_000 } });
    if (!budget.ok()) throw new Error(await budget.text());
    const put = async (query: string, text: string) => {
      const response = await owner.post(`/api/v1/documents?${query}`, { data: Buffer.from(text), headers: { 'content-type': 'application/octet-stream' } });
      if (!response.ok()) throw new Error(await response.text());
    };
    await put('name=handbook.md&for=workspace', HANDBOOK);
    await put('name=prices.csv', 'item,price\nloom,400\ncards,98\n');
    await post('/api/v1/schedules', { agent: 'assistant', text: 'Which deals moved last week?', cron: '0 9 * * MON', time_zone: 'Europe/Berlin' });
    const digest = await (await post('/api/v1/schedules', { agent: 'assistant', text: 'Write a digest of the new contacts.', cron: '30 17 1 * *', time_zone: 'UTC' })).json();
    await post(`/api/v1/schedules/${digest.schedule_id}/pause`, undefined);
    const auditor = await (await post('/api/v1/people', { email: 'ola@example.org', display_name: 'Ola Auditor', roles: [{ role: 'auditor' }] })).json();
    const reader = await request.newContext({ baseURL: origin, extraHTTPHeaders: { origin } });
    await reader.post('/api/v1/session', { data: { link: new URL(auditor.sign_in_link).hash.replace('#token=', '') } });
    await reader.storageState({ path: AUDITOR });
    await owner.storageState({ path: STATE });
    const world: World = { origin, home, pid, tools: tools.url, client: { id: client.id, back: client.back } };
    process.env['STEWARD_WEB_WORLD'] = JSON.stringify(world);
    return stop;
  } catch (error) {
    await stop();
    throw error;
  }
}
