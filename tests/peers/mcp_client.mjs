// Uses an agent's tools through the official client for TypeScript of the Model Context Protocol.
//
// Use: node mcp_client.mjs URL TOKEN. Prints a line of JSON whenever a call waits for a person, and one at the end; the Rust test beside it
// approves what waits and says what must be in them.

import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';

const [url, token] = process.argv.slice(2);
const say = (line) => console.log(JSON.stringify(line));

const client = new Client({ name: 'peer', version: '1.0.0' });
const transport = new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers: { authorization: `Bearer ${token}` } } });
await client.connect(transport);

const call = (name, args, options) => client.callTool({ name, arguments: args }, undefined, options);
const held = (name, onWait) =>
  call('crm.create_contact', { name }, { signal: onWait?.signal, onprogress: ({ message }) => (say({ waits: message }), onWait?.abort('taken back')) });

const tools = (await client.listTools()).tools.map((tool) => tool.name);
const found = await call('crm.find_contacts', { query: 'nobody' });
const wrong = await call('crm.find_contacts', { query: 7 });
const unknown = await call('crm.drop_everything', {}).then(
  (result) => result.structuredContent,
  (error) => ({ error: { class: 'protocol', message: error.message } }),
);
const made = await held('Lena Petrova');
const cancelled = await held('Max Meier', new AbortController()).then(
  () => false,
  () => true,
);
say({
  protocol: transport.protocolVersion,
  tools,
  found: found.structuredContent,
  wrong: wrong.structuredContent,
  unknown,
  made: made.structuredContent,
  cancelled,
});
await transport.terminateSession();
await client.close();
