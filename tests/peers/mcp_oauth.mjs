// Lets itself in at an MCP server that it was given no token for, through the official client for TypeScript of the Model Context Protocol.
//
// Use: node mcp_oauth.mjs URL CLIENT_ID. Prints a line of JSON with the page that a person has to visit, and one at the end; the Rust test
// beside it is the person, and says what must be in them.

import { createServer } from 'node:http';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { auth, UnauthorizedError } from '@modelcontextprotocol/sdk/client/auth.js';

const [url, clientId] = process.argv.slice(2);
const say = (line) => console.log(JSON.stringify(line));

let arrive;
const arrived = new Promise((done) => (arrive = done));
const listening = createServer((request, response) => {
  response.end('You can close this page.');
  arrive(new URL(request.url, 'http://127.0.0.1').searchParams);
});
await new Promise((done) => listening.listen(0, '127.0.0.1', done));
const redirectUrl = `http://127.0.0.1:${listening.address().port}/back`;

const kept = {};
const provider = {
  redirectUrl,
  clientMetadataUrl: clientId,
  clientMetadata: { client_name: 'peer', redirect_uris: [redirectUrl], token_endpoint_auth_method: 'none', grant_types: ['authorization_code', 'refresh_token'], response_types: ['code'] },
  state: () => 'of the peer',
  clientInformation: () => kept.client,
  saveClientInformation: (client) => (kept.client = client),
  tokens: () => kept.tokens,
  saveTokens: (tokens) => (kept.tokens = tokens),
  redirectToAuthorization: (to) => say({ visit: to.href }),
  saveCodeVerifier: (verifier) => (kept.verifier = verifier),
  codeVerifier: () => kept.verifier,
};

const open = async () => {
  const client = new Client({ name: 'peer', version: '1.0.0' });
  const transport = new StreamableHTTPClientTransport(new URL(url), { authProvider: provider });
  try {
    await client.connect(transport);
  } catch (error) {
    if (!(error instanceof UnauthorizedError)) throw error;
    const answer = await arrived;
    await transport.finishAuth(answer.get('code'));
    return { ...(await open()), answer };
  }
  return { client };
};

const { client, answer } = await open();
const names = async (one) => (await one.listTools()).tools.map((tool) => tool.name);
const tools = await names(client);
const found = await client.callTool({ name: 'crm.find_contacts', arguments: { query: 'nobody' } });
const first = kept.tokens;
const renewed = await auth(provider, { serverUrl: url });
const second = kept.tokens;
const after = await names((await open()).client);
// The first secret once more: now nobody is let in by either.
kept.tokens = first;
let visits = 0;
const again = await auth({ ...provider, redirectToAuthorization: () => (visits += 1) }, { serverUrl: url }).catch((error) => error.errorCode ?? String(error));
kept.tokens = second;
const shut = await fetch(url, { method: 'POST', headers: { authorization: `Bearer ${second.access_token}` } });
say({
  state: answer.get('state'),
  iss: answer.get('iss'),
  client: kept.client.client_id,
  scope: first.scope,
  tools,
  found: found.structuredContent,
  renewed: renewed === 'AUTHORIZED' && first.access_token !== second.access_token && first.refresh_token !== second.refresh_token,
  after,
  again,
  visits,
  shut: shut.status,
});
listening.closeAllConnections();
listening.close();
process.exit(0);
