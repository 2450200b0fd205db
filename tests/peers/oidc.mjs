// An OpenID provider, oidc-provider, with its usual settings. Whoever comes is signed in at once as whom their cookie `who` names, and agrees.
// Prints its address and the time as a line of JSON, and ends with its input.
//
// Use: node oidc.mjs CLIENT_ID CLIENT_SECRET REDIRECT_URI
import { createServer } from 'node:http';
import Provider from 'oidc-provider';

const [clientId, clientSecret, redirectUri] = process.argv.slice(2);
const server = createServer();
server.listen(0, '127.0.0.1', () => {
  const url = `http://127.0.0.1:${server.address().port}`;
  const people = {
    ada: { email: 'ada@home.example', email_verified: true },
    unverified: { email: 'ada@home.example', email_verified: false },
    stranger: { email: 'nobody@home.example', email_verified: true },
  };
  const provider = new Provider(url, {
    clients: [{ client_id: clientId, client_secret: clientSecret, redirect_uris: [redirectUri], grant_types: ['authorization_code'], response_types: ['code'] }],
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, name: id, ...people[id] }) }),
    pkce: { required: () => true },
    cookies: { keys: ['only for tests'] },
  });
  const answer = provider.callback();
  server.on('request', async (request, response) => {
    const who = /(?:^|; )who=(\w+)/.exec(request.headers.cookie ?? '')?.[1];
    if (request.url.startsWith('/interaction/')) {
      const { params, prompt } = await provider.interactionDetails(request, response);
      if (prompt.name === 'login') {
        await provider.interactionFinished(request, response, { login: { accountId: who } }, { mergeWithLastSubmission: false });
      } else {
        const grant = new provider.Grant({ accountId: who, clientId: params.client_id });
        grant.addOIDCScope(params.scope);
        await provider.interactionFinished(request, response, { consent: { grantId: await grant.save() } }, { mergeWithLastSubmission: true });
      }
    } else {
      answer(request, response);
    }
  });
  console.log(JSON.stringify({ url, now_ms: Date.now() }));
});
process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
