import type { Browser } from '@playwright/test';
import { mkdirSync, writeFileSync } from 'node:fs';
import { expect, test } from './fixtures';
import { asIfAsked, isFull, makePast, PAST } from './past';
import { chosen, everyPage, settled } from './pages';
import { STATE } from './world';

/** The most that one picture may weigh: they stand in the repository. */
const PICTURE_BYTES_MAX = 60_000;
const QUALITY = 58;
const SCREENS = { phone: { width: 390, height: 844 }, desktop: { width: 1280, height: 800 } } as const;
const THEMES = ['light', 'dark'] as const;
/** `UPDATE=1` writes the pictures of the documents anew; otherwise they are looked at and thrown away. */
const FOLDER = process.env['UPDATE'] === '1' ? '../docs/screens' : 'shots/screens';

/** Nobody's session. */
const NOBODY = { cookies: [], origins: [] };

async function shoot(browser: Browser, baseURL: string | undefined, screen: keyof typeof SCREENS, theme: (typeof THEMES)[number], pages: Record<string, string>, who: string | typeof NOBODY = STATE): Promise<void> {
  const context = await browser.newContext({
    baseURL,
    storageState: who,
    viewport: SCREENS[screen],
    isMobile: screen === 'phone',
    hasTouch: screen === 'phone',
    deviceScaleFactor: 1,
    colorScheme: theme,
    locale: 'en-US',
    serviceWorkers: 'block',
  });
  const page = await context.newPage();
  const devtools = await context.newCDPSession(page);
  for (const [name, path] of Object.entries(pages)) {
    await page.goto(path);
    await settled(page);
    const taken = async (quality: number) => Buffer.from((await devtools.send('Page.captureScreenshot', { format: 'webp', quality })).data, 'base64');
    let picture = await taken(QUALITY);
    // A page full of words is taken a little coarser.
    if (picture.length > PICTURE_BYTES_MAX) picture = await taken(QUALITY - 10);
    expect(picture.length, `${name} on the ${screen}, ${theme}`).toBeLessThanOrEqual(PICTURE_BYTES_MAX);
    writeFileSync(`${FOLDER}/${name}-${screen}-${theme}.webp`, picture);
  }
  await context.close();
}

test('each page has its picture, small enough to keep', async ({ page, browser, baseURL }) => {
  test.setTimeout(1_200_000);
  mkdirSync(FOLDER, { recursive: true });
  await makePast(page);
  const { suggestions, ...others } = PAST;
  const openFull = async (path: string) => {
    await page.goto(path);
    await settled(page);
    await isFull(page);
  };
  for (const path of Object.values(others)) await openFull(path);
  // What is shown without a network, and where nothing is, are pages too.
  const pages = { ...(await everyPage(page, 'Mallory')), offline: '/offline.html', missing: '/nothing-here' };
  const shootAll = async (of: Record<string, string>, who: string | typeof NOBODY = STATE) => {
    for (const screen of ['phone', 'desktop'] as const) for (const theme of THEMES) await shoot(browser, baseURL, screen, theme, chosen(of), who);
  };
  await asIfAsked(async () => {
    await openFull(suggestions);
    await shootAll({ suggestions });
  });
  await shootAll(Object.fromEntries(Object.entries(pages).filter(([name]) => name !== 'suggestions')));
  await shootAll({ 'sign-in': '/sign-in' }, NOBODY);
});
