import AxeBuilder from '@axe-core/playwright';
import { mkdirSync } from 'node:fs';
import { expect, hold, say, test } from './fixtures';

/** The most that a page may bring along as script, compressed. */
const SCRIPT_BYTES_MAX = 200_000;
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
/** Nothing is still to come, in any of the languages. */
const LOADING = /^(Loading|Cargando|جارٍ التحميل|लोड हुँदैछ)$/;
const LOOKS = [
  ['light', 'en'],
  ['dark', 'es'],
  ['dark', 'ar'],
  ['light', 'ne'],
] as const;

test('every page is readable for everyone, in both themes and both directions', async ({ page }, info) => {
  test.setTimeout(480_000);
  mkdirSync('shots', { recursive: true });
  await say(page, 'Who is Ada?');
  await expect(page.getByRole('cell', { name: 'ada@engines.example' })).toBeVisible();
  await page.goto('/chat');
  await hold(page, 'Looka');
  const conversation = new URL(page.url()).pathname;
  const card = (await page.getByRole('link', { name: 'Open the whole card' }).getAttribute('href')) ?? '';
  const { items } = await (await page.request.get('/api/v1/runs?limit=1')).json();
  const contacts = await (await page.request.get('/api/v1/contacts?q=ada')).json();
  const pages = { chat: '/chat', conversation, holds: '/holds', hold: card, blocked: '/blocked', actions: '/actions', contacts: '/contacts', contact: `/contacts/${contacts.items[0].contact_id}`, policies: '/policies', audit: '/audit', checkpoints: '/audit?show=checkpoints', runs: '/runs', run: `/runs/${items[0].run_id}`, settings: '/settings', missing: '/nothing-here' };

  const faults: string[] = [];
  for (const [theme, language] of LOOKS) {
    await page.addInitScript(
      ([chosen, spoken]) => {
        localStorage.setItem('steward.theme', chosen);
        localStorage.setItem('steward.locale', spoken);
      },
      [theme, language] as const,
    );
    for (const [name, path] of Object.entries(pages)) {
      await page.goto(path);
      await expect(page.locator('h1').first()).toBeAttached();
      await expect(page.getByRole('status').filter({ hasText: LOADING })).toHaveCount(0);
      await page.evaluate(() => document.fonts.ready.then(() => undefined));
      await page.screenshot({ path: `shots/${info.project.name}-${theme}-${language}-${name}.png` });
      const found = await new AxeBuilder({ page }).withTags(RULES).analyze();
      for (const violation of found.violations) faults.push(`${theme} ${language} ${name}: ${violation.id} ${violation.nodes.map((node) => node.html.slice(0, 160)).join(' | ')}`);
      const isWide = await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
      if (isWide) faults.push(`${theme} ${language} ${name}: wider than the screen`);
      const direction = await page.evaluate(() => document.documentElement.dir);
      if ((direction === 'rtl') !== (language === 'ar')) faults.push(`${theme} ${language} ${name}: direction ${direction}`);
    }
  }
  expect(faults).toEqual([]);
});

test('no page brings more script than it may', async ({ browser, baseURL }) => {
  test.skip(test.info().project.name !== 'look-desktop', 'the same files on every screen');
  const sizes: Record<string, number> = {};
  for (const path of ['/sign-in', '/chat', '/holds', '/actions', '/runs', '/settings']) {
    const context = await browser.newContext({ baseURL, storageState: path === '/sign-in' ? { cookies: [], origins: [] } : 'test-results/owner.json' });
    const page = await context.newPage();
    const waits: Promise<number>[] = [];
    page.on('requestfinished', (request) => {
      if (request.resourceType() === 'script') waits.push(request.sizes().then((size) => size.responseBodySize));
    });
    await page.goto(path);
    await page.waitForLoadState('networkidle');
    sizes[path] = (await Promise.all(waits)).reduce((sum, bytes) => sum + bytes, 0);
    await context.close();
  }
  process.stdout.write(`  script bytes by page: ${JSON.stringify(sizes)}\n`);
  for (const [path, bytes] of Object.entries(sizes)) expect(bytes, path).toBeLessThanOrEqual(SCRIPT_BYTES_MAX);
});
