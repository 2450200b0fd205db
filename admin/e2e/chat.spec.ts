import type { Page } from '@playwright/test';
import { expect, say, test } from './fixtures';
import { withRule } from './rule-files';

test('a question is answered with its steps, and each value says where it came from', async ({ page }) => {
  await say(page, 'Who is Ada?');
  await expect(page.getByRole('article').getByText('works at').last()).toBeVisible();
  await expect(page.getByRole('cell', { name: 'ada@engines.example' })).toBeVisible();
  const call = page.locator('details', { hasText: 'find contacts' });
  await call.locator('summary').first().click();
  await expect(call.getByText('your words')).toBeVisible();
  await expect(call.getByText('read', { exact: true })).toBeVisible();
  await expect(page.getByText('2 steps')).toBeVisible();
  // Two answers of 120 tokens read and 24 written, a dollar and four dollars a million.
  await expect(page.getByText('· $0.0004', { exact: true })).toBeVisible();
  await page.reload();
  await expect(page.getByRole('cell', { name: 'ada@engines.example' })).toBeVisible();
});

test('a tool card says what the call took and what it answered, as text', async ({ page }) => {
  await say(page, 'Who is Ada?');
  await expect(page.getByRole('cell', { name: 'ada@engines.example' })).toBeVisible();
  const real = page.locator('details', { hasText: 'find contacts' });
  await real.locator('summary').first().click();
  await expect(real.getByRole('region', { name: 'Result' }).locator('pre')).toContainText('"ada@engines.example"');
  const hostile = `<img src=x onerror="document.title='owned'">\u202e`;
  // What a tool answers is anybody's words: here it is as long and as hostile as it gets.
  await page.route('**/api/v1/runs/*/events', async (route) => {
    const response = await route.fetch();
    const body = (await response.text()).replace(/^data: ?(.*)$/gm, (line, data: string) => {
      const told: Record<string, unknown> = JSON.parse(data);
      return 'result' in told ? `data: ${JSON.stringify({ ...told, result: { contacts: [hostile], rest: 'x'.repeat(3_000) } })}` : line;
    });
    await route.fulfill({ response, body });
  });
  await say(page, 'Who is Ada, and what did it take?');
  await expect(page.getByRole('cell', { name: 'ada@engines.example' })).toBeVisible();
  const call = page.locator('details', { hasText: 'find contacts' });
  await call.locator('summary').first().click();
  const fact = (name: string) => call.getByRole('term').filter({ hasText: name }).locator('xpath=following-sibling::dd');
  await expect(fact('In a line')).toHaveText('1 contact');
  await expect(fact('Time')).toHaveText(/^[\d.]+ (ms|sec)$/);
  await expect(fact('Instructions')).toHaveText(/^[\d,]+$/);
  await expect(fact('Memory')).toHaveText(/^[\d.]+ MiB$/);
  await expect(fact('The answer that asked for it')).toHaveText('$0.0002');
  await expect(fact('Asked its host')).toHaveText(/^\d+ times?, \d+ of them the office or others$/);
  await expect(fact('Answered')).toHaveText(/^[\d.,]+ (bytes?|KiB)$/);
  // Nothing was sent anywhere, and nothing is said of it.
  await expect(fact('Requests')).toHaveCount(0);
  await expect(fact('Cut from its log')).toHaveCount(0);
  const result = call.getByRole('region', { name: 'Result' });
  await expect(result.locator('pre')).toContainText('<img src=x onerror=');
  await expect(result.locator('pre')).toContainText('⟨U+202E⟩');
  await expect(page.locator('main img')).toHaveCount(0);
  expect((await result.locator('pre').textContent())?.length).toBeLessThan(2_100);
  await result.getByRole('button', { name: 'Show all of it' }).click();
  expect((await result.locator('pre').textContent())?.length).toBeGreaterThan(3_000);
  await expect(page).toHaveTitle(/Steward/);
});

test('whoever hears the page is told once what was answered, and that something waits', async ({ page }) => {
  await say(page, 'Who is Ada, aloud?');
  const told = page.getByRole('article').last().getByRole('status');
  await expect(told).toContainText('The agent replied: Ada Lovelace works at');
  await page.getByRole('textbox', { name: 'Message' }).fill('Do what the note on Ada asks, for somebody named Heara.');
  await page.getByRole('button', { name: 'Send' }).click();
  await expect(page.getByRole('group', { name: /Held action/ })).toBeVisible();
  await expect(told).toHaveText('An action waits for a decision.');
  // Of what was answered before nothing is said again.
  await expect(page.getByRole('article').first().getByRole('status')).toHaveCount(0);
});

test('a suggested opening is taken up, and said when one is ready', async ({ page }) => {
  await page.goto('/chat');
  await page.getByRole('button', { name: 'What can you do for me?' }).click();
  const box = page.getByRole('textbox', { name: 'Message' });
  await expect(box).toHaveValue('What can you do for me?');
  await page.getByRole('button', { name: 'Send' }).click();
  await page.waitForURL(/\/chat\/conv_/);
  await expect(page.getByRole('article').getByText('I look things up, change records', { exact: false }).last()).toBeVisible();
});

test('a stop that cannot be written down yet says so', async ({ page }) => {
  // What the server answers while its disk is full; the run itself is the server's.
  await page.route('**/api/v1/runs/*/cancel', async (route) => {
    const stopped = await route.fetch();
    const said: object = await stopped.json();
    await route.fulfill({ response: stopped, json: { ...said, is_written: false } });
  });
  await page.goto('/chat');
  await page.getByRole('textbox', { name: 'Message' }).fill('Read this slowly.');
  await page.getByRole('button', { name: 'Send' }).click();
  await expect(page.getByText(/word3/)).toBeVisible();
  await page.getByRole('button', { name: 'Stop' }).click();
  await expect(page.getByText('It stops. The disk of the server is full, so this is written down when there is room.')).toBeVisible();
});

test('a run that was stopped is said again, and an earlier message is changed and sent, each with its files', async ({ page }) => {
  await page.goto('/chat');
  await page.locator('input[type=file]').setInputFiles([{ name: 'terms.md', mimeType: 'text/markdown', buffer: Buffer.from('# Terms\n\nBy card.') }]);
  await expect(page.getByRole('list', { name: 'Attached files' }).getByRole('progressbar')).toHaveCount(0);
  await page.getByRole('textbox', { name: 'Message' }).fill('Read this slowly.');
  await page.getByRole('button', { name: 'Send' }).click();
  await page.waitForURL(/\/chat\/conv_/);
  await expect(page.getByText(/word3/)).toBeVisible();
  await expect(page.getByRole('button', { name: 'Say it again' })).toHaveCount(0);
  await page.getByRole('button', { name: 'Stop' }).click();
  await expect(page.getByText('Stopped', { exact: true })).toBeVisible();
  // What is being written meanwhile stays.
  await page.getByRole('textbox', { name: 'Message' }).fill('Something else');
  await page.getByRole('button', { name: 'Say it again' }).click();
  const turns = page.getByRole('article', { name: 'Message and answer' });
  await expect(turns).toHaveCount(2);
  await expect(turns.nth(1).getByRole('list', { name: 'Attached files' }).getByText('terms.md')).toBeVisible();
  await expect(turns.nth(1).getByText(/word3/)).toBeVisible();
  await expect(page.getByRole('textbox', { name: 'Message' })).toHaveValue('Something else');
  // Only the newest is tried again.
  await expect(page.getByRole('button', { name: 'Say it again' })).toHaveCount(0);
  await page.getByRole('button', { name: 'Stop' }).click();
  await expect(page.getByRole('button', { name: 'Say it again' })).toHaveCount(1);

  await turns.first().getByRole('button', { name: 'Use this text again' }).click();
  const box = page.getByRole('textbox', { name: 'Message' });
  await expect(box).toHaveValue('Read this slowly.');
  const files = page.locator('form').getByRole('list', { name: 'Attached files' });
  await expect(files.getByText('terms.md')).toBeVisible();
  // Taken out of this message, the file of the earlier one stays.
  await files.getByRole('button', { name: 'Remove terms.md' }).click();
  await expect(files).toHaveCount(0);
  await turns.first().getByRole('button', { name: 'Use this text again' }).click();
  await expect(files.getByText('terms.md')).toBeVisible();
  await box.fill('Hello, with the terms.');
  await page.getByRole('button', { name: 'Send' }).click();
  await expect(turns).toHaveCount(3);
  await expect(turns.nth(2).getByRole('list', { name: 'Attached files' }).getByText('terms.md')).toBeVisible();
  await expect(turns.nth(2).getByText('I look things up, change records', { exact: false }).last()).toBeVisible();
  await page.reload();
  await expect(turns.nth(2).getByRole('list', { name: 'Attached files' }).getByText('terms.md')).toBeVisible();
});

test('the last message that was answered is asked again, and not while an answer is on its way', async ({ page }) => {
  await say(page, 'Who is Ada?');
  const turns = page.getByRole('article', { name: 'Message and answer' });
  const again = page.getByRole('button', { name: 'Ask again' });
  await expect(page.getByRole('cell', { name: 'ada@engines.example' })).toBeVisible();
  await again.click();
  await expect(turns).toHaveCount(2);
  await expect(page.getByRole('cell', { name: 'ada@engines.example' })).toHaveCount(2);
  await expect(turns.nth(1).getByRole('button', { name: 'Ask again' })).toBeVisible();
  await expect(again).toHaveCount(1);
  const { own, runs } = await saidIn(page);
  expect([own, runs.length]).toEqual([['Who is Ada?', 'Who is Ada?'], 2]);

  await page.getByRole('textbox', { name: 'Message' }).fill('Count slowly.');
  await page.getByRole('button', { name: 'Send' }).click();
  await expect(page.getByText(/word3/)).toBeVisible();
  await expect(turns.nth(1).getByRole('button', { name: 'Ask again' })).toHaveAccessibleDescription('An answer is on its way. Wait for it, or stop it first.');
  await again.click({ force: true });
  await expect(turns).toHaveCount(3);
  await page.getByRole('button', { name: 'Stop' }).click();
  await expect(page.getByText('Stopped', { exact: true })).toBeVisible();
  await expect(again).not.toHaveAttribute('aria-disabled', 'true');
  await expect(turns.nth(2).getByRole('button', { name: 'Say it again' })).toBeVisible();
});

test('what a rule forbids is blocked with its reason, and the log says which rule, in its own text', async ({ page }) => {
  test.setTimeout(120_000);
  await withRule('60-tried-here.cedar', '@id("websites-stay")\n@reason("Websites of companies are changed by people only.")\n@tell("That is left to people.")\nforbid (principal, action == Action::"crm.update_company", resource);\n', page, async () => {
    await say(page, 'Change the website in the note on Ada.');
    const call = page.locator('details', { hasText: 'update company' });
    await expect(call.getByText('blocked', { exact: true })).toBeVisible();
    await expect(call.locator('summary').first()).toContainText('Websites of companies are changed by people only.');
    await expect(page.getByText('The website stays as it is.', { exact: true })).toBeVisible();
    await call.locator('summary').first().click();
    await expect(call.getByText('websites-stay', { exact: true })).toBeVisible();
    await page.goto('/blocked');
    await page.getByRole('button', { name: /update company/ }).first().click();
    const detail = page.getByRole('dialog', { name: 'Action' });
    await expect(detail).toContainText('The rules forbid it, or none allows it.');
    const why = detail.getByRole('listitem').filter({ hasText: 'websites-stay' });
    await expect(why).toContainText('Websites of companies are changed by people only.');
    await why.getByText(/^Rule text \(rules\/60-tried-here\.cedar, line \d+\)$/).click();
    await expect(why.locator('pre')).toContainText('forbid (principal, action == Action::"crm.update_company", resource);');

    // Would another rule have let it?
    await detail.getByRole('link', { name: 'Would other rules have let it?' }).click();
    await expect(page).toHaveURL(/\/policies\?show=try&decision=dec_/);
    const chosen = page.getByRole('group', { name: 'The action this is about' });
    await expect(chosen).toContainText('Websites of companies are changed by people only.');
    await page.getByText('Leave rules out').click();
    await page.getByRole('checkbox', { name: /^websites-stay/ }).check();
    // As if it were further down in the log than what is judged otherwise.
    await page.route('**/api/v1/policies/backtest', (route) => route.continue({ postData: JSON.stringify({ ...route.request().postDataJSON(), decisions: 0 }) }));
    await page.getByRole('button', { name: 'Try it' }).click();
    await expect(chosen.getByRole('status')).toContainText('With these rules: held');
    await page.getByRole('checkbox', { name: /^websites-stay/ }).uncheck();
    await page.getByRole('checkbox', { name: /^looks-only/ }).check();
    await page.getByRole('button', { name: 'Try it' }).click();
    await expect(chosen.getByRole('status')).toContainText('With these rules it would come out as it did');
  });
});

test('on a slow line the page says what goes on, and the answer comes whole', async ({ page }) => {
  test.setTimeout(90_000);
  await page.goto('/chat');
  const line = await page.context().newCDPSession(page);
  // As on the edge of a village: half a second there and back, 50 kB a second.
  await line.send('Network.emulateNetworkConditions', { offline: false, latency: 500, downloadThroughput: 50_000, uploadThroughput: 20_000 });
  await page.getByRole('textbox', { name: 'Message' }).fill('Who is Ada, over a slow line?');
  await page.getByRole('button', { name: 'Send' }).click();
  await expect(page.getByRole('button', { name: 'Send' })).toBeDisabled();
  await page.waitForURL(/\/chat\/conv_/, { timeout: 30_000 });
  await expect(page.getByText(/^(Loading|Starting|Thinking|Using a tool)$/).first()).toBeVisible();
  await expect(page.getByRole('cell', { name: 'ada@engines.example' })).toBeVisible({ timeout: 30_000 });
  await expect(page.getByText('2 steps')).toBeVisible();
  // Slow is not lost.
  await expect(page.getByText('Connection lost.', { exact: false })).toHaveCount(0);
});

test('a slow line that breaks is taken up again where it was', async ({ page }) => {
  test.setTimeout(120_000);
  await page.goto('/chat');
  const line = await page.context().newCDPSession(page);
  const slow = { offline: false, latency: 500, downloadThroughput: 50_000, uploadThroughput: 20_000 };
  await line.send('Network.emulateNetworkConditions', slow);
  const asked: string[] = [];
  page.on('request', (request) => {
    if (/\/runs\/.*\/events/.test(request.url())) asked.push(request.headers()['last-event-id'] ?? '');
  });
  await page.getByRole('textbox', { name: 'Message' }).fill('Look for Ada first, then speak slowly, over a slow line.');
  await page.getByRole('button', { name: 'Send' }).click();
  await expect(page.getByText(/word5/)).toBeVisible({ timeout: 30_000 });
  await line.send('Network.emulateNetworkConditions', { ...slow, offline: true });
  await expect(page.getByText('Connection lost.', { exact: false })).toBeVisible({ timeout: 20_000 });
  await line.send('Network.emulateNetworkConditions', slow);
  await expect(page.getByRole('article').getByText(/^word1 word2 .* word60$/)).toBeVisible({ timeout: 40_000 });
  await expect(page.getByText('Connection lost.', { exact: false })).toHaveCount(0);
  await expect(page.getByText('2 steps')).toBeVisible();
  // Behind what was heard, the call and what it found, and not from the beginning.
  expect(asked.length).toBeGreaterThan(1);
  expect(asked.at(-1)).toMatch(/^\d+(\.\d+)?$/);
  expect(Number.parseInt(asked.at(-1) ?? '', 10), asked.join(' ')).toBeGreaterThan(1);
});

test('what the agent may not do is blocked, with the reason in view', async ({ page }) => {
  await say(page, 'Do something forbidden.');
  const call = page.locator('details', { hasText: 'bank' });
  await expect(call.getByText('blocked', { exact: true })).toBeVisible();
  await expect(page.getByText('That is not possible here.', { exact: true })).toBeVisible();
  await expect(call.locator('summary').first()).toContainText('the agent has no tool');
});

test('words of a model are never code, its pictures are not loaded and its links say where they lead', async ({ page }) => {
  const asked: string[] = [];
  page.on('request', (request) => asked.push(request.url()));
  await say(page, 'Show me something hostile.');
  await expect(page.getByText('(from evil.example, not loaded)')).toBeVisible();
  await expect(page.getByRole('link', { name: /your bank/ })).toContainText('(evil.example)');
  await expect(page.getByRole('link', { name: /your bank/ })).toHaveAttribute('rel', /noopener noreferrer/);
  await expect(page.getByRole('link', { name: 'run', exact: true })).toHaveCount(0);
  await expect(page.locator('main img, main script')).toHaveCount(0);
  await expect(page).toHaveTitle(/Steward/);
  expect(asked.filter((url) => !url.startsWith(new URL(page.url()).origin) && !url.startsWith('data:'))).toEqual([]);
});

test('a run is stopped while it speaks', async ({ page }) => {
  await say(page, 'Count slowly.');
  await expect(page.getByText(/word3/)).toBeVisible();
  await page.getByRole('button', { name: 'Stop' }).click();
  await expect(page.getByText('Stopped', { exact: true })).toBeVisible();
  await expect(page.getByRole('button', { name: 'Send' })).toBeVisible();
  await expect(page.getByRole('link', { name: 'Open the run' })).toBeVisible();
  await expect(page.getByRole('button', { name: 'Copy reply' })).toHaveCount(0);
});

test('a run that failed says what it cost all the same, and leads to itself', async ({ page }) => {
  // The real run, but the model was gone when it should have put what it found into words.
  await page.route('**/api/v1/runs/*/events', async (route) => {
    const response = await route.fetch();
    const frames = (await response.text()).split('\n\n').filter((frame) => !/^event: ?(reply|model\.delta)$/m.test(frame));
    const failed = (frame: string) => frame.replace(/^data: ?(.*)$/m, (_, data: string) => `data: ${JSON.stringify({ ...JSON.parse(data), outcome: 'model_failed', reason: 'model_cut_off', message: 'the stream broke' })}`);
    await route.fulfill({ response, body: frames.map((frame) => (/^event: ?run\.ended$/m.test(frame) ? failed(frame) : frame)).join('\n\n') });
  });
  await say(page, 'Who is Ada, if nobody answers?');
  const turn = page.getByRole('article', { name: 'Message and answer' });
  await expect(turn.getByText('No model answered', { exact: true })).toBeVisible();
  await expect(turn.getByText('The model’s answer broke off.')).toBeVisible();
  // The server's own sentence is in English: it stands behind ours.
  await expect(turn.getByText('the stream broke')).toBeHidden();
  await turn.getByText('What the server wrote').click();
  await expect(turn.getByText('the stream broke')).toBeVisible();
  await expect(turn.getByText('2 steps')).toBeVisible();
  await expect(turn.getByText('· $0.0004', { exact: true })).toBeVisible();
  await expect(turn.getByRole('link', { name: 'Open the run' })).toHaveAttribute('href', /^\/runs\/run_/);
  await expect(turn.getByRole('button', { name: 'Copy reply' })).toHaveCount(0);
});

test('a network that breaks in the middle loses nothing', async ({ page, context }) => {
  await say(page, 'Speak slowly to me.');
  await expect(page.getByText(/word5/)).toBeVisible();
  await context.setOffline(true);
  await expect(page.getByText('Connection lost.', { exact: false })).toBeVisible();
  await context.setOffline(false);
  await expect(page.getByRole('article').getByText(/^word1 word2 .* word60$/)).toBeVisible({ timeout: 20_000 });
  await expect(page.getByText('Connection lost.', { exact: false })).toHaveCount(0);
});

/** Loses the answer to the next message that is sent: the server has taken it, and the page does not know. */
async function loseAnswer(page: Page): Promise<() => number> {
  let lost = 0;
  await page.route('**/api/v1/conversations/*/messages', async (route) => {
    if (route.request().method() !== 'POST' || lost > 0) return route.fallback();
    lost += 1;
    expect((await route.fetch()).ok()).toBe(true);
    return route.abort();
  });
  return () => lost;
}

/** What was said in the conversation that is open, and the runs of it. */
async function saidIn(page: Page): Promise<{ own: string[]; runs: string[] }> {
  const { pathname } = new URL(page.url());
  const id = pathname.split('/').pop() ?? '';
  const { items } = await (await page.request.get(`/api/v1/conversations/${id}/messages?limit=100`)).json();
  const runs = await (await page.request.get('/api/v1/runs?limit=100')).json();
  const own = items.filter((one: { by_agent: boolean }) => !one.by_agent).map((one: { text: string }) => one.text);
  return { own, runs: runs.items.filter((one: { conversation_id: string | null }) => one.conversation_id === id).map((one: { run_id: string }) => one.run_id) };
}

test('a message whose answer is lost on the way stays written, and sent again it is said once', async ({ page }) => {
  await say(page, 'Who is Ada?');
  await expect(page.getByRole('cell', { name: 'ada@engines.example' })).toBeVisible();
  const lost = await loseAnswer(page);
  const box = page.getByRole('textbox', { name: 'Message' });
  await box.fill('Who is Ada, once more?');
  await page.getByRole('button', { name: 'Send' }).click();
  const alert = page.locator('form').getByRole('alert');
  await expect(alert).toContainText('The server could not be reached.');
  expect(lost()).toBe(1);
  await expect(box).toHaveValue('Who is Ada, once more?');
  await page.getByRole('button', { name: 'Send' }).click();
  await expect(box).toHaveValue('');
  await expect(alert).toHaveCount(0);
  await expect(page.getByRole('article')).toHaveCount(2);
  await expect(page.getByRole('cell', { name: 'ada@engines.example' })).toHaveCount(2);
  const { own, runs } = await saidIn(page);
  expect([own.toSorted(), runs.length]).toEqual([['Who is Ada, once more?', 'Who is Ada?'], 2]);
});

test('a message whose answer is lost, and that was read since, is shown once when it is sent again, and another can be sent', async ({ page }) => {
  await say(page, 'Who is Ada?');
  await expect(page.getByRole('cell', { name: 'ada@engines.example' })).toBeVisible();
  await loseAnswer(page);
  const box = page.getByRole('textbox', { name: 'Message' });
  await box.fill('Who is Ada, once more?');
  await page.getByRole('button', { name: 'Send' }).click();
  await expect(page.locator('form').getByRole('alert')).toContainText('The server could not be reached.');
  // Whoever comes back to the page is shown what there is now.
  await expect(async () => {
    await page.evaluate(() => dispatchEvent(new Event('visibilitychange')));
    await expect(page.getByRole('article')).toHaveCount(2, { timeout: 500 });
  }).toPass();
  await expect(page.getByRole('cell', { name: 'ada@engines.example' })).toHaveCount(2);
  await expect(box).toHaveValue('Who is Ada, once more?');
  await page.getByRole('button', { name: 'Send' }).click();
  await expect(box).toHaveValue('');
  await expect(page.getByRole('article')).toHaveCount(2);
  await box.fill('Who is Ada, at last?');
  await page.getByRole('button', { name: 'Send' }).click();
  await expect(page.getByRole('article')).toHaveCount(3);
  const { own, runs } = await saidIn(page);
  expect([own.length, runs.length]).toEqual([3, 3]);
});

test('a first message whose answer is lost begins one conversation when it is sent again', async ({ page }, info) => {
  const words = `Who is Ada, for the first time on a ${info.project.name}?`;
  const lost = await loseAnswer(page);
  await page.goto('/chat');
  const box = page.getByRole('textbox', { name: 'Message' });
  await box.fill(words);
  await page.getByRole('button', { name: 'Send' }).click();
  await expect(page.locator('form').getByRole('alert')).toContainText('The server could not be reached.');
  expect(lost()).toBe(1);
  await expect(box).toHaveValue(words);
  await page.getByRole('button', { name: 'Send' }).click();
  await page.waitForURL(/\/chat\/conv_/);
  await expect(page.getByRole('cell', { name: 'ada@engines.example' })).toHaveCount(1);
  const { own, runs } = await saidIn(page);
  expect([own, runs.length]).toEqual([[words], 1]);
  const { items } = await (await page.request.get('/api/v1/conversations?limit=100')).json();
  expect(items.filter((one: { title: string }) => one.title === words)).toHaveLength(1);
});

test('a message whose answer is lost is another one with another file, and is not refused', async ({ page }) => {
  await say(page, 'Who is Ada?');
  await expect(page.getByRole('cell', { name: 'ada@engines.example' })).toBeVisible();
  await loseAnswer(page);
  const box = page.getByRole('textbox', { name: 'Message' });
  await box.fill('Who is Ada, with a file?');
  await page.getByRole('button', { name: 'Send' }).click();
  await expect(page.locator('form').getByRole('alert')).toContainText('The server could not be reached.');
  await page.locator('input[type=file]').setInputFiles([{ name: 'late.md', mimeType: 'text/markdown', buffer: Buffer.from('# Late') }]);
  await expect(page.locator('form').getByRole('list', { name: 'Attached files' }).getByText('late.md')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Send' })).toBeEnabled();
  await page.getByRole('button', { name: 'Send' }).click();
  await expect(box).toHaveValue('');
  await expect(page.getByRole('article').getByText('late.md')).toBeVisible();
  const { own } = await saidIn(page);
  expect(own.toSorted()).toEqual(['Who is Ada, with a file?', 'Who is Ada, with a file?', 'Who is Ada?']);
});

test('a beginning that did not come through goes on with other words in the conversation that was made for it', async ({ page }) => {
  const begun: string[] = [];
  page.on('request', (request) => {
    if (request.method() === 'POST' && new URL(request.url()).pathname === '/api/v1/conversations') begun.push(request.headers()['idempotency-key'] ?? '');
  });
  await page.route('**/api/v1/conversations/*/messages', (route) => route.abort(), { times: 1 });
  await page.goto('/chat');
  await page.getByRole('textbox', { name: 'Message' }).fill('Who is Ada, to begin with?');
  await page.getByRole('button', { name: 'Send' }).click();
  await expect(page.locator('form').getByRole('alert')).toContainText('The server could not be reached.');
  await page.getByRole('button', { name: 'What can you do for me?' }).click();
  await page.getByRole('button', { name: 'Send' }).click();
  await page.waitForURL(/\/chat\/conv_/);
  await expect(page.getByRole('article').getByText('I look things up, change records', { exact: false }).last()).toBeVisible();
  expect((await saidIn(page)).own).toEqual(['What can you do for me?']);
  expect(begun).toHaveLength(1);
});
