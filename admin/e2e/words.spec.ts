/** A network that breaks while the words of the pages, or parts of them that come late, are on their way. */
import type { Page } from '@playwright/test';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, say, test } from './fixtures';
import { dress, Looker, LOOKS, wordsOf } from './looks';

const SCRIPTS = join('dist', '_next', 'static', 'chunks');

/** The files that this stands in. */
function filesWith(words: string): string[] {
  return readdirSync(SCRIPTS).filter((name) => name.endsWith('.js') && readFileSync(join(SCRIPTS, name), 'utf8').includes(words));
}

/** Loses the file that these words stand in, and answers how it is let through again. */
async function lose(page: Page, words: string): Promise<() => Promise<void>> {
  const files = filesWith(words);
  expect(files, words).toHaveLength(1);
  const pattern = `**/${files[0]}`;
  await page.route(pattern, (route) => route.abort());
  return () => page.unroute(pattern);
}

/** Loses a part that comes late, known by what stands in its source alone, in every file that has it and comes with no page; answers how it is let through again, and how often it was lost. */
async function losePart(page: Page, mark: string): Promise<{ letThrough: () => Promise<void>; times: () => number }> {
  const pages = readdirSync('dist', { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.html')).map((name) => readFileSync(join('dist', name), 'utf8'));
  const files = filesWith(mark).filter((name) => !pages.some((text) => text.includes(name)));
  expect(files, mark).not.toEqual([]);
  const isOne = (url: URL) => files.some((name) => url.pathname.endsWith(`/${name}`));
  let lost = 0;
  await page.route(isOne, (route) => {
    lost += 1;
    return route.abort();
  });
  return { letThrough: () => page.unroute(isOne), times: () => lost };
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

test('where the words of some pages are lost, the rest of the page stands and says so', async ({ page }) => {
  await waitForever(page);
  const words = wordsOf('en');
  const letThrough = [await lose(page, words('companies.noneHint')), await lose(page, words('palette.field'))];
  await page.goto('/companies');
  const alert = page.locator('main').getByRole('alert');
  await expect(alert).toContainText('The server does not answer');
  await page.keyboard.press('?');
  const dialog = page.getByRole('dialog', { name: 'That did not work' });
  await expect(dialog.getByRole('alert')).toBeVisible();
  for (const one of letThrough) await one();
  await dialog.getByRole('button', { name: 'Try again' }).click();
  await expect(page.getByRole('dialog', { name: 'Keyboard shortcuts' })).toBeVisible();
  await page.keyboard.press('Escape');
  await alert.getByRole('button', { name: 'Try again' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Companies' })).toBeVisible();
});

test('where the script of a held action’s card is lost, the conversation stands, and the card comes when it is tried again', async ({ page }) => {
  await waitForever(page);
  const { letThrough, times } = await losePart(page, '("editedBy")');
  await say(page, 'Do what the note on Ada asks, for somebody named Losta.');
  const article = page.getByRole('article').last();
  const alert = article.getByRole('alert').filter({ hasText: 'The server does not answer' });
  await expect(alert).toBeVisible();
  expect(times()).toBeGreaterThan(0);
  await expect(page.getByRole('textbox', { name: 'Message' })).toBeVisible();
  // Tried while it is still lost, nothing becomes worse.
  const before = times();
  await alert.getByRole('button', { name: 'Try again' }).click();
  await expect.poll(times).toBeGreaterThan(before);
  await expect(alert).toBeVisible();
  await letThrough();
  // The loader tries once more of itself a moment after it lost something.
  const card = page.getByRole('group', { name: /Held action crm.create_contact/ });
  const retry = alert.getByRole('button', { name: 'Try again' });
  await expect(async () => {
    if (await retry.isVisible()) await retry.click({ timeout: 1_000 });
    await expect(card).toBeVisible({ timeout: 1_000 });
  }).toPass();
  await expect(card.getByText('Losta', { exact: true }).first()).toBeVisible();
  await expect(page.getByText('The server does not answer')).toHaveCount(0);
});

test('a card whose script is lost comes by itself once it can be had', async ({ page }) => {
  const { letThrough } = await losePart(page, '("editedBy")');
  await say(page, 'Do what the note on Ada asks, for somebody named Foundagain.');
  await expect(page.getByRole('article').last().getByRole('alert')).toContainText('The server does not answer');
  await letThrough();
  await expect(page.getByRole('group', { name: /Held action crm.create_contact/ })).toBeVisible({ timeout: 30_000 });
});

test('where the script of the palette is lost, the page stands, and the palette comes when it is tried again', async ({ page }) => {
  await waitForever(page);
  const { letThrough, times } = await losePart(page, 'aria-activedescendant');
  // The palette’s words come with this page.
  await page.goto('/companies');
  await expect(page.getByRole('heading', { level: 1, name: 'Companies' })).toBeVisible();
  await page.keyboard.press('ControlOrMeta+k');
  const failed = page.getByRole('dialog', { name: 'That did not work' });
  await expect(failed.getByRole('alert')).toContainText('The server does not answer');
  expect(times()).toBeGreaterThan(0);
  // It is put away like any other, and opened anew it is tried anew.
  await page.keyboard.press('Escape');
  await expect(failed).toHaveCount(0);
  await expect(page.getByRole('heading', { level: 1, name: 'Companies' })).toBeVisible();
  const before = times();
  await page.keyboard.press('ControlOrMeta+k');
  await expect(failed.getByRole('alert')).toBeVisible();
  expect(times()).toBeGreaterThan(before);
  await letThrough();
  await failed.getByRole('button', { name: 'Try again' }).click();
  await expect(page.getByRole('dialog').getByRole('combobox')).toBeFocused();
  await expect(failed).toHaveCount(0);
  await page.keyboard.press('Escape');
  await expect(page.getByRole('heading', { level: 1, name: 'Companies' })).toBeVisible();
});

test('where what formats a model’s text is lost, the text is read as it stands until it comes', async ({ page }) => {
  await waitForever(page);
  const { letThrough, times } = await losePart(page, '"prose"');
  await say(page, 'Who is Ada?');
  const article = page.getByRole('article').last();
  // A table, as the model writes it.
  await expect(article.getByRole('paragraph').filter({ hasText: '| mail | ada@engines.example |' }).last()).toBeVisible();
  await expect(page.getByRole('cell')).toHaveCount(0);
  await expect(article.getByRole('alert')).toHaveCount(0);
  await expect.poll(times).toBeGreaterThan(0);
  await letThrough();
  await expect(async () => {
    await page.evaluate(() => dispatchEvent(new Event('online')));
    await expect(page.getByRole('cell', { name: 'ada@engines.example' })).toBeVisible({ timeout: 1_000 });
  }).toPass();
});

test('a refusal is said in the reader’s language, and what the server says beyond it stands below as it is', async ({ page, context }) => {
  await dress(context, 'light', 'ne');
  const words = wordsOf('ne');
  const refused = (code: string, detail: string, errors: object[] = []) => ({ status: 403, contentType: 'application/problem+json', json: { status: 403, code, detail, errors, request_id: 'req_words' } });
  await page.route('**/api/v1/documents?*', (route) => route.fulfill(refused('denied', 'not this time')));
  await page.goto('/documents');
  const alert = page.locator('main').getByRole('alert');
  await expect(alert).toContainText(words('problem.code.denied'));
  await expect(alert.locator('[lang=en]')).toHaveText('not this time');
  // Where they say no more than the code, they are not there.
  await page.route('**/api/v1/documents?*', (route) => route.fulfill(refused('not_fresh', 'you signed in more than ten minutes ago')));
  await page.reload();
  await expect(alert).toContainText(words('problem.code.not_fresh'));
  await expect(alert.locator('[lang=en]')).toHaveCount(0);
  // Of a field its place and what is wrong with it.
  await page.route('**/api/v1/documents?*', (route) => route.fulfill(refused('invalid', '`limit`: give 1 to 200', [{ path: 'limit', message: 'give 1 to 200' }])));
  await page.reload();
  await expect(alert).toContainText(words('problem.code.invalid'));
  await expect(alert.locator('[lang=en]')).toHaveText('limit: give 1 to 200');
});
