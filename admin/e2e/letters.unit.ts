import { expect, test } from '@playwright/test';
import { cutAfter } from '../src/lib/letters';

test('a text is cut between letters, and nothing of it is lost', () => {
  const start = 'x'.repeat(79);
  expect(cutAfter(`${start}😀 hi`, 80)).toEqual([`${start}😀`, ' hi']);
  expect(cutAfter(`${start}y😀`, 80)).toEqual([`${start}y`, '😀']);
  expect(cutAfter('😀'.repeat(80), 80)).toEqual(['😀'.repeat(80), '']);
  expect(cutAfter('short', 80)).toEqual(['short', '']);
  for (let letters = 0; letters < 8; letters += 1) {
    const [head, rest] = cutAfter('a😀b😀😀c', letters);
    expect(head + rest).toBe('a😀b😀😀c');
    // Half of a letter would be no text that a server takes.
    expect([head, rest].join('|').isWellFormed()).toBe(true);
  }
});
