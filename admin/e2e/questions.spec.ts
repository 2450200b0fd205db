import type { Page } from '@playwright/test';
import { expect, say, test } from './fixtures';

/** Something is asked that the server of trips cannot do without asking back. */
async function asked(page: Page, words: string) {
  await say(page, `Book a trip to Bern, ${words}.`);
  const card = page.getByRole('form', { name: 'Question of trips' });
  await expect(card).toBeVisible();
  return card;
}

test('a server of tools asks the person in the chat, is refused what does not fit, and gets what was given', async ({ page }) => {
  const card = await asked(page, 'please');
  // Its words are anybody's: text, and never code.
  await expect(card.getByText('Which day to Bern? <img src=x onerror=', { exact: false })).toBeVisible();
  await expect(page.locator('main img')).toHaveCount(0);
  await expect(card.getByText('These are the words of trips, not ours.', { exact: false })).toBeVisible();
  await expect(card.getByLabel('Seats')).toHaveValue('2');
  await expect(card.getByLabel('Class')).toHaveValue('second');
  // Of two that look the same each is another.
  await expect(card.getByLabel('Class').getByRole('option')).toHaveText(['Choose', 'first', 'second', 'second⟨U+200B⟩']);
  // Without what it needs nothing is sent.
  const sent: string[] = [];
  page.on('request', (request) => {
    if (request.url().endsWith('/answer')) sent.push(request.url());
  });
  await card.getByRole('button', { name: 'Give this answer' }).click();
  await expect(card.getByLabel('Day')).toBeFocused();
  expect(sent).toEqual([]);
  // What the browser lets through the server still refuses, by its field.
  await page.route('**/api/v1/questions/*/answer', (route) => route.continue({ postData: JSON.stringify({ content: { day: '2026-03-02', seats: 9, class: 'second' } }) }), { times: 1 });
  await card.getByLabel('Day').fill('2026-03-02');
  await card.getByLabel('Seats').fill('3');
  await card.getByRole('button', { name: 'Give this answer' }).click();
  await expect(card.getByRole('alert')).toBeVisible();
  await expect(card.getByLabel('Seats')).toHaveAttribute('aria-invalid', 'true');
  await expect(card.getByLabel('Seats')).toHaveValue('3');
  await card.getByRole('button', { name: 'Give this answer' }).click();
  await expect(card).toHaveCount(0);
  await expect(page.getByRole('article').getByText('The trip is booked.', { exact: true }).last()).toBeVisible();
  // Read again later, it is over.
  await page.reload();
  await expect(page.getByRole('article').getByText('The trip is booked.', { exact: true }).last()).toBeVisible();
  await expect(card).toHaveCount(0);
});

test('a question waits through a reload, and whoever does not say is not asked again', async ({ page }) => {
  const card = await asked(page, 'or not');
  await page.reload();
  await expect(card.getByLabel('Class')).toHaveValue('second');
  const fits = await page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth);
  expect(fits).toBe(true);
  await card.getByRole('button', { name: 'Do not say' }).click();
  await expect(card).toHaveCount(0);
  await expect(page.getByRole('article').getByText('No trip is booked.', { exact: true }).last()).toBeVisible();
});

test('a question that is over when it is answered says so, and what is put away ends', async ({ page }) => {
  const card = await asked(page, 'twice');
  await page.route('**/api/v1/questions/*/decline', (route) => route.fulfill({ status: 409, contentType: 'application/problem+json', json: { status: 409, code: 'conflict', detail: 'this question is over', request_id: 'req_over' } }));
  await card.getByRole('button', { name: 'Do not say' }).click();
  await expect(card.getByRole('alert')).toContainText('this question is over');
  await card.getByRole('button', { name: 'Put away' }).click();
  await expect(card).toHaveCount(0);
  await expect(page.getByRole('article').getByText('No trip is booked.', { exact: true }).last()).toBeVisible();
});

test('an answer that is lost on the way is given once when it is given again', async ({ page }) => {
  const card = await asked(page, 'over a bad line');
  const keys: string[] = [];
  await page.route('**/api/v1/questions/*/answer', async (route) => {
    keys.push(route.request().headers()['idempotency-key'] ?? '');
    if (keys.length > 1) return route.fallback();
    return route.abort();
  });
  await card.getByLabel('Day').fill('2026-03-02');
  await card.getByRole('button', { name: 'Give this answer' }).click();
  await expect(card.getByRole('alert')).toContainText('The server could not be reached.');
  await card.getByRole('button', { name: 'Give this answer' }).click();
  await expect(card).toHaveCount(0);
  await expect(page.getByRole('article').getByText('The trip is booked.', { exact: true }).last()).toBeVisible();
  expect(keys).toHaveLength(2);
  expect(new Set(keys).size).toBe(1);
});
