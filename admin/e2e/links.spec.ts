/** What a model writes of a link, against where it leads. */
import { expect, say, test } from './fixtures';

test('marks of direction in the name of a link do not turn around what is said of where it leads', async ({ page }) => {
  await say(page, 'Show me something hostile.');
  const isTurned = await page.getByRole('link', { name: /^pay/ }).evaluate((link) => {
    const texts = document.createTreeWalker(link, NodeFilter.SHOW_TEXT);
    for (let node = texts.nextNode(); node !== null; node = texts.nextNode()) {
      const text = node;
      const at = text.textContent?.indexOf('moc.elpmaxe') ?? -1;
      if (at < 0) continue;
      const leftOf = (letter: number) => {
        const range = document.createRange();
        range.setStart(text, letter);
        range.setEnd(text, letter + 1);
        return range.getBoundingClientRect().left;
      };
      return leftOf(at) > leftOf(at + 1);
    }
    return null;
  });
  expect(isTurned).toBe(false);
});

test('within a link there is no number that opens a source', async ({ page }) => {
  const cite = `[[doc_${'a'.repeat(26)}#1]]`;
  await page.route('**/api/v1/runs/*/events', async (route) => {
    const response = await route.fetch();
    const body = (await response.text()).replace(/^data: ?(.*)$/gm, (line, data: string) => {
      const told: Record<string, unknown> = JSON.parse(data);
      return 'citations' in told ? `data: ${JSON.stringify({ ...told, text: `It says so ${cite}, and [here ${cite} too](https://evil.example/).` })}` : line;
    });
    await route.fulfill({ response, body });
  });
  await say(page, 'What may I ask, with its sources?');
  const link = page.getByRole('link', { name: /^here/ });
  await expect(link).toContainText('(evil.example)');
  await expect(link.getByRole('button')).toHaveCount(0);
  // Beside it there is.
  await expect(page.locator('.prose').getByRole('button', { name: /1/ })).toHaveCount(1);
});
