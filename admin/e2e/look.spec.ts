import AxeBuilder from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { mkdirSync } from 'node:fs';
import { expect, firstWorkspace, hold, test } from './fixtures';
import { chosen, everyPage, settled } from './pages';

/** The most that a page may bring along as script, compressed. */
const SCRIPT_BYTES_MAX = 200_000;
/** The most by which a page may move while it loads. */
const SHIFT_MAX = 0.05;
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
const LOOKS = [
  ['light', 'en'],
  ['dark', 'es'],
  ['dark', 'ar'],
  ['light', 'ne'],
] as const;
/** What opens over a page from the keyboard. */
const OVER = { palette: 'Control+k', shortcuts: '?' } as const;
/** What opens over a card from the keyboard: the ways to decide. */
const DECIDING = { approve: 'a', reject: 'r', revise: 'v', edit: 'e' } as const;
const NO_ITEMS = { json: { items: [], next_cursor: null } };
const REFUSED = { status: 403, contentType: 'application/problem+json', json: { status: 403, code: 'denied', detail: 'this is not for you', request_id: 'req_01k0example' } };
/** What lists say when nothing is there, nothing fits, or they cannot be read; the queue stands for all, which share these parts. */
const STATES = {
  holds_empty: ['/holds', NO_ITEMS],
  holds_failed: ['/holds', REFUSED],
  holds_no_match: ['/holds?q=zzzz', null],
  hold_missing: ['/holds/hold_00000000000000000000000001', null],
} as const;

/** Pages with a dialog or a form over them that an address opens. */
async function opened(page: Page): Promise<Record<string, string>> {
  const [action] = (await (await page.request.get('/api/v1/actions?verdict=held&limit=1')).json()).items;
  return {
    contact_form: '/contacts?new=1',
    company_form: '/companies?new=1',
    deal_form: '/deals?new=1',
    import: '/contacts?import=1',
    action: `/actions?open=${action.decision_id}`,
    invite: '/people?new=1',
    workspace_form: '/people?show=workspaces&new=1',
    grant_form: '/grants?new=1',
    budget_form: '/budgets?new=1',
    propose: '/tools?propose=files',
    offline: '/offline.html',
    missing: '/nothing-here',
  };
}

/** An action that was decided, and one that waits. */
async function holds(page: Page): Promise<{ decided: string; waits: string }> {
  await hold(page, 'Lookdecided');
  const first = async () => (await page.getByRole('link', { name: 'Open the whole card' }).getAttribute('href')) ?? '';
  const decided = await first();
  const headers = { origin: new URL(page.url()).origin };
  expect((await page.request.post(`/api/v1${decided}/reject`, { data: { reason: 'We do not know them.' }, headers })).status()).toBe(200);
  await hold(page, 'Lookwaits');
  return { decided, waits: await first() };
}

/** A conversation in which a server of tools asks something, and what takes the question away again. */
async function question(page: Page): Promise<{ path: string; end: () => Promise<void> }> {
  await page.goto('/health');
  const headers = { origin: new URL(page.url()).origin };
  const conversation = await (await page.request.post('/api/v1/conversations', { data: { agent: 'assistant', title: 'Bern', workspace_id: await firstWorkspace(page) }, headers })).json();
  await page.request.post(`/api/v1/conversations/${conversation.conversation_id}/messages`, { data: { text: 'Book a trip to Bern.' }, headers });
  const open = async () => (await (await page.request.get('/api/v1/questions')).json()).items;
  await expect.poll(async () => (await open()).length, { timeout: 20_000 }).toBe(1);
  const [asked] = await open();
  const end = async () => {
    await page.request.post(`/api/v1/questions/${asked.question_id}/cancel`, { headers });
  };
  return { path: `/chat/${conversation.conversation_id}`, end };
}

test('every page is readable for everyone, in both themes and both directions', async ({ page }, info) => {
  test.setTimeout(2_400_000);
  mkdirSync('shots', { recursive: true });
  const { decided, waits } = await holds(page);
  const pages = chosen({ ...(await everyPage(page, 'Looka')), ...(await opened(page)), hold_decided: decided });
  const states = chosen({ ...STATES });
  const isWanted = (name: string) => Object.keys(chosen({ [name]: '' })).length > 0;
  const faults: string[] = [];
  const look = async (theme: string, language: string, name: string) => {
    await page.screenshot({ path: `shots/${info.project.name}-${theme}-${language}-${name}.png` });
    const found = await new AxeBuilder({ page }).withTags(RULES).analyze();
    for (const violation of found.violations) faults.push(`${theme} ${language} ${name}: ${violation.id} ${violation.nodes.map((node) => node.html.slice(0, 160)).join(' | ')}`);
    const isWide = await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
    if (isWide) faults.push(`${theme} ${language} ${name}: wider than the screen`);
    const direction = await page.evaluate(() => document.documentElement.dir);
    if ((direction === 'rtl') !== (language === 'ar')) faults.push(`${theme} ${language} ${name}: direction ${direction}`);
  };
  const over = async (theme: string, language: string, keys: Readonly<Record<string, string>>) => {
    for (const [name, key] of Object.entries(keys)) {
      if (!isWanted(name)) continue;
      await page.keyboard.press(key);
      await expect(page.getByRole('dialog')).toBeVisible();
      await look(theme, language, name);
      await page.keyboard.press('Escape');
      await expect(page.getByRole('dialog')).toHaveCount(0);
    }
  };
  for (const [theme, language] of LOOKS) {
    await page.addInitScript(
      ([wanted, spoken]) => {
        localStorage.setItem('steward.theme', wanted);
        localStorage.setItem('steward.locale', spoken);
      },
      [theme, language] as const,
    );
    for (const [name, path] of Object.entries(pages)) {
      await page.goto(path);
      await settled(page);
      await look(theme, language, name);
    }
    for (const [name, [path, answer]] of Object.entries(states)) {
      if (answer !== null) await page.route('**/api/v1/holds?*', (route) => route.fulfill(answer));
      await page.goto(path);
      await settled(page);
      await look(theme, language, name);
      await page.unroute('**/api/v1/holds?*');
    }
    await page.goto('/health');
    await settled(page);
    await over(theme, language, OVER);
    await page.goto(waits);
    await settled(page);
    await over(theme, language, DECIDING);
    if (!isWanted('question')) continue;
    const asked = await question(page);
    await page.goto(asked.path);
    await expect(page.locator('form blockquote')).toBeVisible();
    await look(theme, language, 'question');
    await asked.end();
  }
  expect(faults).toEqual([]);
});

test('pages stand still while they load', async ({ page }) => {
  test.setTimeout(600_000);
  const pages = chosen(await everyPage(page, 'Steadya'));
  await page.addInitScript(() => {
    const moved = { sum: 0 };
    Object.assign(window, { moved });
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) if ('value' in entry && 'hadRecentInput' in entry && entry.hadRecentInput === false) moved.sum += Number(entry.value);
    }).observe({ type: 'layout-shift', buffered: true });
  });
  const shifts: Record<string, number> = {};
  for (const [name, path] of Object.entries(pages)) {
    await page.goto(path);
    await settled(page);
    shifts[name] = await page.evaluate(
      () =>
        new Promise<number>((done) => {
          // What comes late moves things too: the page is looked at when it has nothing left to do.
          requestIdleCallback(() => requestAnimationFrame(() => setTimeout(() => done(Math.round(Number(Object.assign({ moved: { sum: Number.NaN } }, window).moved.sum) * 10_000) / 10_000))));
        }),
    );
  }
  process.stdout.write(`  layout shift by page: ${JSON.stringify(shifts)}\n`);
  for (const [name, sum] of Object.entries(shifts)) expect(sum, name).toBeLessThan(SHIFT_MAX);
});

test('no page brings more script than it may', { tag: '@once' }, async ({ browser, baseURL, page }) => {
  test.setTimeout(600_000);
  const sizes: Record<string, number> = {};
  const pages = chosen({ ...(await everyPage(page, 'Sizea')), sign_in: '/sign-in' });
  // The longest words are those of Nepali: three bytes a letter.
  for (const [name, path] of Object.entries(pages)) {
    const context = await browser.newContext({ baseURL, storageState: name === 'sign_in' ? { cookies: [], origins: [] } : 'test-results/owner.json', locale: 'ne-NP', serviceWorkers: 'block' });
    const own = await context.newPage();
    const waits: Promise<number>[] = [];
    own.on('requestfinished', (request) => {
      if (request.resourceType() === 'script') waits.push(request.sizes().then((size) => size.responseBodySize));
    });
    await own.goto(path);
    await settled(own);
    sizes[name] = (await Promise.all(waits)).reduce((sum, bytes) => sum + bytes, 0);
    await context.close();
  }
  process.stdout.write(`  script bytes by page: ${JSON.stringify(sizes)}\n`);
  for (const [path, bytes] of Object.entries(sizes)) expect(bytes, path).toBeLessThanOrEqual(SCRIPT_BYTES_MAX);
});
