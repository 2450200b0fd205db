/**
 * An OpenID provider in small: asks who somebody is, gives a code that is good once and for one verifier, and signs with a real key.
 * Its clients have no secret; PKCE binds a code to the browser that asked.
 */
import { createHash, generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

export const CLIENT_ID = 'steward';

const PEOPLE = {
  ola: { name: 'Ola Auditor', email: 'ola@example.org' },
  stranger: { name: 'A stranger', email: 'stranger@elsewhere.example' },
} as const;

const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });

function part(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function token(claims: Record<string, unknown>): string {
  const message = `${part({ alg: 'RS256', kid: 'one' })}.${part(claims)}`;
  return `${message}.${sign('sha256', Buffer.from(message), privateKey).toString('base64url')}`;
}

async function body(request: IncomingMessage): Promise<URLSearchParams> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(Buffer.from(piece));
  return new URLSearchParams(Buffer.concat(pieces).toString());
}

function say(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}

export async function startIssuer(): Promise<{ server: Server; url: string }> {
  const codes = new Map<string, { asked: URLSearchParams; who: keyof typeof PEOPLE }>();
  let url = '';
  const server = createServer((request, response) => {
    void (async () => {
      const asked = new URL(request.url ?? '/', url);
      if (asked.pathname === '/.well-known/openid-configuration') {
        say(response, 200, { issuer: url, authorization_endpoint: `${url}/authorize`, token_endpoint: `${url}/token`, jwks_uri: `${url}/keys` });
      } else if (asked.pathname === '/keys') {
        say(response, 200, { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'one', use: 'sig', alg: 'RS256' }] });
      } else if (asked.pathname === '/authorize') {
        const links = Object.entries(PEOPLE).map(([who, { name }]) => `<a href="/as/${who}${asked.search.replaceAll('"', '')}">${name}</a>`);
        const no = `<a href="${asked.searchParams.get('redirect_uri') ?? ''}?error=access_denied&state=${encodeURIComponent(asked.searchParams.get('state') ?? '')}">No</a>`;
        response.writeHead(200, { 'content-type': 'text/html' }).end(`<!doctype html><title>Who is it?</title><h1>Who is it?</h1><p>${[...links, no].join('</p><p>')}</p>`);
      } else if (asked.pathname.startsWith('/as/')) {
        const who = asked.pathname === '/as/ola' ? 'ola' : 'stranger';
        const code = randomUUID();
        codes.set(code, { asked: asked.searchParams, who });
        const back = new URLSearchParams({ code, state: asked.searchParams.get('state') ?? '', iss: url });
        response.writeHead(302, { location: `${asked.searchParams.get('redirect_uri') ?? ''}?${back.toString()}` }).end();
      } else if (asked.pathname === '/token') {
        const form = await body(request);
        const given = codes.get(form.get('code') ?? '');
        codes.delete(form.get('code') ?? '');
        const challenge = createHash('sha256').update(form.get('code_verifier') ?? '').digest('base64url');
        if (given?.asked.get('code_challenge') !== challenge || given.asked.get('redirect_uri') !== form.get('redirect_uri') || form.get('client_id') !== CLIENT_ID) {
          say(response, 400, { error: 'invalid_grant' });
          return;
        }
        const now = Math.floor(Date.now() / 1000);
        const { email } = PEOPLE[given.who];
        const claims = { iss: url, aud: CLIENT_ID, sub: `sub-${given.who}`, iat: now, exp: now + 300, nonce: given.asked.get('nonce'), email, email_verified: true };
        say(response, 200, { token_type: 'Bearer', access_token: 'none', id_token: token(claims) });
      } else {
        say(response, 404, {});
      }
    })();
  });
  await new Promise<void>((done) => {
    server.listen(0, '127.0.0.1', done);
  });
  const address = server.address();
  url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  return { server, url };
}
