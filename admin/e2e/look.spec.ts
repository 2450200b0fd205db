import AxeBuilder from '@axe-core/playwright';
import { mkdirSync } from 'node:fs';
import { expect, test } from './fixtures';
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

test('every page is readable for everyone, in both themes and both directions', async ({ page }, info) => {
  test.setTimeout(1_800_000);
  mkdirSync('shots', { recursive: true });
  const pages = chosen({ ...(await everyPage(page, 'Looka')), invite: '/people?new=1', deal_form: '/deals?new=1', grant_form: '/grants?new=1', budget_form: '/budgets?new=1', offline: '/offline.html', missing: '/nothing-here' });
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
    await page.goto('/health');
    await settled(page);
    for (const [name, keys] of Object.entries(OVER)) {
      await page.keyboard.press(keys);
      await expect(page.getByRole('dialog')).toBeVisible();
      await look(theme, language, name);
      await page.keyboard.press('Escape');
      await expect(page.getByRole('dialog')).toHaveCount(0);
    }
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
