// Passes requests on to a server with a token on them, for clients that have no way to be given one. What names this door in them names the
// server's after it; nothing else is changed.
//
// Use: node with_token.mjs URL TOKEN. Prints a line of JSON with its port, and ends when its standard input does.

import { createServer, request as ask } from 'node:http';

const [url, token] = process.argv.slice(2);
const { hostname, port } = new URL(url);

const server = createServer((incoming, outgoing) => {
  const named = (value) => value?.replace(`127.0.0.1:${server.address().port}`, `${hostname}:${port}`);
  const { host, origin } = incoming.headers;
  const headers = { ...incoming.headers, host: named(host), ...(origin && { origin: named(origin) }), authorization: `Bearer ${token}` };
  const passed = ask({ hostname, port, method: incoming.method, path: incoming.url, headers }, (answer) => {
    outgoing.writeHead(answer.statusCode, answer.rawHeaders);
    outgoing.flushHeaders();
    answer.pipe(outgoing);
  });
  passed.on('error', () => outgoing.destroy());
  outgoing.on('close', () => passed.destroy());
  incoming.pipe(passed);
});
server.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ port: server.address().port })));
process.stdin.resume().on('end', () => process.exit(0));
