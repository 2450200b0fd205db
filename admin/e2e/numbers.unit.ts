import { expect, test } from '@playwright/test';
import { large } from '../src/lib/nepali';

test('large numbers are told in the words of Nepali', () => {
  for (const [value, words] of [
    [50_000_000_000, '50 अर्ब'],
    [500_000_000, '50 करोड'],
    [12_345_678, '1.235 करोड'],
    [2_500_000, '25 लाख'],
    [99_999, '99999'],
  ] as const) {
    expect(large(value)).toBe(words);
  }
});
