/** A network that breaks while the words of the pages are on their way. */
import type { Page } from '@playwright/test';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from './fixtures';
import { dress, Looker, LOOKS, wordsOf } from './looks';

const SCRIPTS = join('dist', '_next', 'static', 'chunks');

/** Loses the file that these words stand in, and answers how it is let through again. */
async function lose(page: Page, words: string): Promise<() => Promise<void>> {
  const files = readdirSync(SCRIPTS).filter((name) => name.endsWith('.js') && readFileSync(join(SCRIPTS, name), 'utf8').includes(words));
  expect(files, words).toHaveLength(1);
  const pattern = `**/${files[0]}`;
  await page.route(pattern, (route) => route.abort());
  return () => page.unroute(pattern);
}

/** No wait of a second or more ends: what comes was asked for by somebody. */
async function waitForever(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const later = window.setTimeout;
    Object.defineProperty(window, 'setTimeout', { value: (act: () => void, waitMs = 0, ...rest: unknown[]) => later(act, waitMs < 1_000 ? waitMs : 2 ** 30, ...rest) });
  });
}

for (const language of new Set(LOOKS.map(([, one]) => one))) {
  test(`a page whose words are lost says so in the reader’s language, and comes when it is tried again: ${language}`, async ({ page, context }, info) => {
    await dress(context, 'light', language);
    await waitForever(page);
    const words = wordsOf(language);
    const letThrough = await lose(page, words('offline.hint'));
    await page.goto('/settings');
    await expect(page.locator('main').getByRole('alert').filter({ hasText: words('common.unreachable') })).toBeVisible();
    await expect(page.locator('html')).toHaveAttribute('lang', language);
    const looker = new Looker(info.project.name);
    await looker.look(page, 'light', language, 'words_lost');
    expect(looker.faults).toEqual([]);
    await letThrough();
    await page.getByRole('button', { name: words('common.retry') }).click();
    await expect(page.getByRole('heading', { level: 1, name: words('settings.title'), exact: true })).toBeVisible();
  });
}

test('a page whose words are lost comes by itself once they can be had', async ({ page }) => {
  const letThrough = await lose(page, wordsOf('en')('offline.hint'));
  await page.goto('/settings');
  await expect(page.locator('main').getByRole('alert')).toHaveText('The server does not answer');
  await letThrough();
  await expect(page.getByRole('heading', { level: 1, name: 'Settings' })).toBeVisible();
});

test('where the words of the pages for records are lost, the rest of the page stands and says so', async ({ page }) => {
  await waitForever(page);
  const letThrough = await lose(page, wordsOf('en')('companies.noneHint'));
  await page.goto('/companies');
  const alert = page.locator('main').getByRole('alert');
  await expect(alert).toContainText('The server does not answer');
  await page.keyboard.press('?');
  const dialog = page.getByRole('dialog', { name: 'That did not work' });
  await expect(dialog.getByRole('alert')).toBeVisible();
  await letThrough();
  await dialog.getByRole('button', { name: 'Try again' }).click();
  await expect(page.getByRole('dialog', { name: 'Keyboard shortcuts' })).toBeVisible();
  await page.keyboard.press('Escape');
  await alert.getByRole('button', { name: 'Try again' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Companies' })).toBeVisible();
});
