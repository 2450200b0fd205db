/** A program that asks to be let in: its document over TLS, and the port of this machine on which it waits for the answer. */
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type Server as PlainServer } from 'node:http';
import { createServer as createSecureServer, type Server as SecureServer } from 'node:https';
import { resolve } from 'node:path';
import type { World } from './world';

export const CLIENT_NAME = 'Sample desktop';

function portOf(server: PlainServer | SecureServer): Promise<number> {
  return new Promise((done) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      done(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
}

export async function startClientHost(): Promise<World['client'] & { close: () => void }> {
  const tls = (name: string) => readFileSync(resolve('../tests/peers/tls', name));
  const host = createSecureServer({ key: tls('leaf.key'), cert: tls('leaf.pem') }, (request, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ client_id: id, client_name: CLIENT_NAME, redirect_uris: ['http://127.0.0.1/back'], token_endpoint_auth_method: 'none' }));
    request.resume();
  });
  const listening = createServer((_, response) => {
    response.setHeader('content-type', 'text/html');
    response.end('<!doctype html><title>back</title><link rel="icon" href="data:,"><p>You can close this page.</p>');
  });
  const id = `https://localhost:${await portOf(host)}/client.json`;
  const back = `http://127.0.0.1:${await portOf(listening)}/back`;
  return {
    id,
    back,
    close: () => {
      for (const server of [host, listening]) {
        server.closeAllConnections();
        server.close();
      }
    },
  };
}

/** What the program sends a browser with, and what it keeps for itself. */
export function asked({ origin, client }: World, other: Record<string, string> = {}): { query: string; verifier: string } {
  const verifier = randomBytes(32).toString('base64url');
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: client.id,
    redirect_uri: client.back,
    scope: 'converse read write',
    state: 'of-the-program',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    resource: `${origin}/mcp`,
    ...other,
  });
  return { query: query.toString(), verifier };
}
