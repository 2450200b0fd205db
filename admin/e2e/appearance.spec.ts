import type { Page } from '@playwright/test';
import { expect, test } from './fixtures';

const STEPS = 14;

/** As the browser says it in its own words. */
const ZONE = 'Asia/Kathmandu';

/** Looks at a page of which only the first script and the styles arrive, and at the same when all of it is there. */
async function paints(page: Page, theme: 'dark' | 'light' | 'system', system: 'dark' | 'light'): Promise<void> {
  const isDark = theme === 'system' ? system === 'dark' : theme === 'dark';
  await page.emulateMedia({ colorScheme: system });
  await page.goto('/sign-in');
  await page.evaluate((chosen) => {
    localStorage.setItem('steward.theme', chosen);
    localStorage.setItem('steward.locale', 'ar');
  }, theme);
  const ground = () => page.evaluate(() => [document.documentElement.classList.contains('dark'), getComputedStyle(document.documentElement).getPropertyValue('--ground').trim(), getComputedStyle(document.documentElement).colorScheme]);
  const scripts = /\/_next\/static\/.*\.js/;
  await page.route(scripts, (route) => route.abort());
  await page.goto('/settings');
  expect(await ground()).toEqual(isDark ? [true, '#101315', 'dark'] : [false, '#f7f7f5', 'light']);
  await expect(page.locator('html')).toHaveAttribute('dir', 'rtl');
  await expect(page.locator('html')).toHaveAttribute('lang', 'ar');
  await expect(page.locator('h1')).toHaveCount(0);
  await page.unroute(scripts);
  await page.reload();
  await expect(page.locator('h1')).toBeVisible();
  expect((await ground())[0]).toBe(isDark);
}

test('a page is dark from its first paint where that was chosen, whatever the system says', async ({ page }) => {
  await paints(page, 'dark', 'light');
});

test('a page is light from its first paint where that was chosen, whatever the system says', async ({ page }) => {
  await paints(page, 'light', 'dark');
});

test('a page is as the system is from its first paint where that was chosen', async ({ page }) => {
  await paints(page, 'system', 'dark');
  await paints(page, 'system', 'light');
  // And it goes along with it.
  await page.emulateMedia({ colorScheme: 'dark' });
  await expect(page.locator('html')).toHaveClass(/\bdark\b/);
});

test('nothing moves for those who asked for that', async ({ page }) => {
  // What is still to come pulses, if anything does: the answer is kept back.
  await page.route('**/api/v1/actions?*', () => undefined);
  const moving = () =>
    page
      .getByRole('status')
      .filter({ hasText: 'Loading' })
      .locator('div')
      .first()
      .evaluate((line) => getComputedStyle(line).animationName);
  await page.emulateMedia({ reducedMotion: 'no-preference' });
  await page.goto('/actions');
  expect(await moving()).toBe('pulse-soft');
  await page.emulateMedia({ reducedMotion: 'reduce' });
  expect(await moving()).toBe('none');
  const durations = await page.evaluate(() => [...document.querySelectorAll('*')].map((one) => getComputedStyle(one).transitionDuration).filter((duration) => duration !== '0s'));
  expect(durations).toEqual([]);
  await page.unrouteAll({ behavior: 'ignoreErrors' });
});

test('what has the focus is seen, in both themes', async ({ page }) => {
  for (const colorScheme of ['light', 'dark'] as const) {
    // Colours change at once: half way between two of them is neither.
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await page.goto('/settings');
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
    const seen: string[] = [];
    for (let step = 0; step < STEPS; step += 1) {
      await page.keyboard.press('Tab');
      const focused = await page.evaluate(() => {
        const one = document.activeElement;
        if (one === null || one === document.body) return null;
        const looks = getComputedStyle(one);
        const box = one.getBoundingClientRect();
        return { name: one.outerHTML.slice(0, 120), style: looks.outlineStyle, width: Number.parseFloat(looks.outlineWidth), color: looks.outlineColor, size: box.width * box.height };
      });
      if (focused === null) continue;
      expect(focused, focused.name).toMatchObject({ style: 'solid', width: 2, color: colorScheme === 'dark' ? 'rgb(108, 202, 187)' : 'rgb(12, 100, 93)' });
      expect(focused.size, focused.name).toBeGreaterThan(0);
      seen.push(focused.name);
    }
    expect(seen.length).toBeGreaterThan(STEPS / 2);
  }
});

test.describe('in Nepal', () => {
  test.use({ timezoneId: ZONE });
  test('a time is told as people say it, and exactly in the reader’s zone on hover', async ({ page }) => {
    await page.goto('/audit');
    const time = page.locator('main li time').first();
    await expect(time).toHaveText(/ago|now|yesterday|in \d/);
    const at = (await time.getAttribute('datetime')) ?? '';
    const exact = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'long', timeZone: ZONE }).format(new Date(at));
    expect(exact).toMatch(/GMT\+5:45$/);
    // Between numbers and words browsers differ in which space they take.
    const plain = (text: string) => text.replaceAll(/\s/g, ' ');
    expect(plain((await time.getAttribute('title')) ?? '')).toBe(plain(exact));
  });
});
