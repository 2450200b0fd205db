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
