import { expect, test } from './fixtures';
import { LOOKS, wordsOf } from './looks';
import { AUDITOR } from './world';

const RATES = Array.from({ length: 60 }, (_, at) => `# Rate ${at + 1}\n\nThe rate of month ${at + 1} is ${at + 1} percent.${at === 49 ? ' Café Zürich has its own.' : ''}\n${'It is paid at the end of the month, and not before. '.repeat(25)}`).join('\n\n');

function file(name: string, text: string) {
  return { name, mimeType: 'text/plain', buffer: Buffer.from(text) };
}

test('files are put in for oneself or for the workspace, found by their words, and taken away', async ({ page }, info) => {
  const name = `rates-${info.project.name}.md`;
  await page.goto('/documents');
  await page.getByRole('button', { name: 'Put in' }).click();
  const dialog = page.getByRole('dialog', { name: 'Put documents in' });
  await expect(dialog.getByRole('button', { name: 'Choose files' })).toBeFocused();
  await expect(dialog.getByRole('button', { name: 'Only you' })).toHaveAttribute('aria-pressed', 'true');
  await dialog.getByRole('button', { name: 'The workspace' }).click();
  await dialog.locator('input[type=file]').setInputFiles([file(name, RATES), file('plan.pdf', '%PDF-1.7 and so on'), file('large.txt', 'x'.repeat(2 * 1024 * 1024 + 1))]);
  const files = dialog.getByRole('list', { name: 'Files' });
  await expect(files.getByText('the file is a PDF, which is not read here yet', { exact: false })).toBeVisible();
  await expect(files.getByText('This file is larger than 2 MB.', { exact: false })).toBeVisible();
  await expect(files.getByText('in, for the workspace')).toBeVisible();
  await dialog.getByRole('button', { name: 'Remove plan.pdf' }).click();
  await expect(files.getByRole('listitem')).toHaveCount(2);
  await dialog.getByRole('button', { name: 'Done' }).click();
  await expect(dialog).toHaveCount(0);
  await expect(page.getByRole('link', { name: new RegExp(name) })).toContainText('workspace');

  // Filters live in the address.
  await page.getByRole('button', { name: 'Only you' }).click();
  await expect(page).toHaveURL(/for=me/);
  await expect(page.getByRole('link', { name: new RegExp(name) })).toHaveCount(0);
  await page.getByRole('button', { name: 'All', exact: true }).click();
  await page.getByPlaceholder('Words in names and texts').fill('no such word anywhere');
  await expect(page.getByText('Nothing matches')).toBeVisible();
  await page.getByRole('button', { name: 'Clear filters' }).click();
  await expect(page.getByText('Nothing matches')).toHaveCount(0);

  // By words of its text, without accents, and at their place.
  await page.getByPlaceholder('Words in names and texts').fill('cafe zurich');
  const found = page.getByRole('region', { name: 'In the text' });
  await expect(found.locator('mark').filter({ hasText: 'Café' }).first()).toBeVisible();
  await found.getByRole('listitem').filter({ has: page.getByRole('link', { name, exact: true }) }).getByRole('link').nth(1).click();
  await expect(page).toHaveURL(/\/documents\/doc_.*at=\d+/);
  await expect(page.getByRole('heading', { level: 1, name })).toBeVisible();
  const text = page.getByRole('region', { name: 'Text' });
  const place = text.locator('[aria-current="location"]');
  await expect(place).toContainText('Café Zürich has its own');
  await expect(place).toBeInViewport();
  await expect(text.getByText('The rate of month 1 is')).toHaveCount(0);
  await text.getByRole('button', { name: 'What stands before' }).click();
  await expect(text.getByText('The rate of month 30 is')).toBeVisible();
  await page.getByPlaceholder('Words in this document').fill('month 7');
  await expect(page.getByRole('region', { name: 'Words in this document' }).getByRole('link').first()).toBeVisible();
  const isWide = await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
  expect(isWide).toBe(false);

  // Taken away, when one is sure.
  await page.getByRole('button', { name: 'Remove' }).click();
  await page.getByRole('button', { name: 'Keep' }).click();
  await page.getByRole('button', { name: 'Remove' }).click();
  await page.getByRole('button', { name: 'Remove now' }).click();
  await expect(page).toHaveURL(/\/documents$/);
  await expect(page.getByRole('link', { name: new RegExp(name) })).toHaveCount(0);
});

test('whoever searches is told that words are found and not meanings, in every language', async ({ page }) => {
  await page.goto('/documents');
  await expect(page.getByRole('link', { name: /handbook\.md/ })).toBeVisible();
  await expect(page.getByText(wordsOf('en')('documents.lexical'))).toHaveCount(0);
  for (const language of new Set(LOOKS.map(([, one]) => one))) {
    const words = wordsOf(language);
    await page.evaluate((chosen) => localStorage.setItem('steward.locale', chosen), language);
    await page.goto('/documents?q=zzzz');
    await expect(page.getByRole('region', { name: words('documents.inText') }).getByText(words('documents.lexical'))).toBeVisible();
  }
});

test('a file dropped on the page asks for whom it is before it goes', async ({ page }, info) => {
  const name = `dropped-${info.project.name}.txt`;
  await page.goto('/documents');
  await expect(page.getByRole('link', { name: /handbook\.md/ })).toBeVisible();
  const transfer = await page.evaluateHandle((called) => {
    const data = new DataTransfer();
    data.items.add(new File(['Some words.'], called, { type: 'text/plain' }));
    return data;
  }, name);
  await page.getByRole('heading', { level: 1, name: 'Documents' }).dispatchEvent('drop', { dataTransfer: transfer });
  const dialog = page.getByRole('dialog', { name: 'Put documents in' });
  await expect(dialog.getByText(name)).toBeVisible();
  expect((await (await page.request.get('/api/v1/documents')).json()).items.filter((one: { name: string }) => one.name === name)).toEqual([]);
  await dialog.getByRole('button', { name: 'Put this file in' }).click();
  await expect(dialog.getByText('in, only for you')).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('link', { name: new RegExp(name) })).toContainText('only you');
});

test('what cannot be read says so, with the way to try again', async ({ page }) => {
  await page.route('**/api/v1/documents?*', (route) => route.fulfill({ status: 503, json: { detail: 'away', request_id: 'req_1' } }));
  await page.goto('/documents');
  await expect(page.getByRole('button', { name: 'Try again' })).toBeVisible({ timeout: 20_000 });
  await expect(page.getByText('req_1')).toBeVisible();
  await page.unroute('**/api/v1/documents?*');
  await page.getByRole('button', { name: 'Try again' }).click();
  await expect(page.getByRole('link', { name: /handbook\.md/ })).toBeVisible();
  await page.goto('/documents/doc_00000000000000000000000001');
  await expect(page.getByRole('heading', { name: 'There is nothing here' })).toBeVisible();
});

test.describe('as somebody who only reads', () => {
  test.use({ storageState: AUDITOR });
  test('what is for the workspace is there, what is for others is not, and controls say why they are off', async ({ page }) => {
    await page.goto('/documents');
    await expect(page.getByRole('link', { name: /handbook\.md/ })).toBeVisible();
    await expect(page.getByRole('link', { name: /prices\.csv/ })).toHaveCount(0);
    await expect(page.getByRole('button', { name: 'Put in' })).toHaveAccessibleDescription('Your roles do not put documents in.');
    await page.goto('/documents?new=1');
    await expect(page.getByRole('link', { name: /handbook\.md/ })).toBeVisible();
    await expect(page.getByRole('dialog')).toHaveCount(0);
    await page.getByRole('link', { name: /handbook\.md/ }).click();
    await expect(page.getByRole('button', { name: 'Remove' })).toHaveAccessibleDescription('Your roles do not remove documents.');
    await page.goto('/schedules');
    await expect(page.getByRole('heading', { name: 'There is nothing here' })).toBeVisible();
  });
});
