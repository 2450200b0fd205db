import { expect, test } from '@playwright/test';
import { withoutMarks } from '../src/lib/citations';
import { awayOf, tokensOf } from '../src/lib/markdown';
import { spoken } from '../src/lib/spoken';

test('a text that nests deeper than anybody reads is shown as it stands, and takes no page away', () => {
  const indented = Array.from({ length: 300 }, (_, at) => `${'  '.repeat(at)}- a`).join('\n');
  for (const deep of ['>'.repeat(60_000), `Hello\n\n${'> '.repeat(5_000)}a\nb`, `${'- '.repeat(5_000)}a`, `${'1. '.repeat(5_000)}a`, `${'- > '.repeat(100)}a`, indented]) expect(tokensOf(deep), deep.slice(0, 20)).toBeNull();
  // What people and models do write is laid out.
  for (const usual of ['> > > who said it', '- a\n  - b\n    - c\n      1. d', '-'.repeat(80), '*'.repeat(80), `| a | b |\n|${'-'.repeat(40)}|---|\n| 1 | 2 |`, '1. one\n2. two', '']) expect(tokensOf(usual), usual).not.toBeNull();
});

test('a link leads where it says and nowhere else', () => {
  expect(awayOf('https://bank.example@evil.example/login')).toEqual({ href: 'https://bank.example@evil.example/login', to: 'evil.example' });
  // Of a mail others who would get it, and what it would say, are left out: only whom it is for is shown.
  expect(awayOf('mailto:ada@engines.example?bcc=mallory@evil.example&subject=Fine&body=I%20agree')).toEqual({ href: 'mailto:ada@engines.example', to: 'ada@engines.example' });
  expect(awayOf('mailto:ada@engines.example')?.href).toBe('mailto:ada@engines.example');
  for (const no of ['javascript:alert(1)', 'data:text/html,x', 'blob:https://steward.example/1', '/holds', 'tel:112', 'mailto:?to=mallory@evil.example', 'no address']) expect(awayOf(no), no).toBeNull();
});

test('a text that is made to be slow to read is told and shown at once', () => {
  const began = performance.now();
  const rules = Array.from({ length: 5 }, () => `${'-'.repeat(1_900)}x`).join('\n');
  expect(spoken(rules)).toBe(rules);
  for (const line of [`${'-'.repeat(20_000)}x`, `|${' '.repeat(200_000)}x`, '['.repeat(200_000), ' **a'.repeat(100_000)]) expect(spoken(line)).toBe(line.trim());
  // What only begins like a mark is text, and what follows it is not kept back.
  const marks = '[[doc_'.repeat(50_000);
  expect(withoutMarks(`${marks} and so on`)).toBe(`${marks} and so on`);
  expect(performance.now() - began).toBeLessThan(2_000);
});
