import { expect, test } from '@playwright/test';
import { dollarsText, microsOf } from '../src/lib/budget';
import { asciiDigits } from '../src/lib/digits';
import { minorOf } from '../src/lib/money';

test('what could be thousands is no amount, and nothing that the form writes by itself could be', () => {
  for (const text of ['1,500', '1.500', '12,000', '999.999', ' 1,500 ', '١٬٥٠٠', '1,500.00', '1.500,00', '1 500']) expect(microsOf(text), text).toBeNull();
  for (const [text, micros] of [['1500', 1_500_000_000], ['1500,50', 1_500_500_000], ['0.500', 500_000], ['0,005', 5_000], ['1.5000', 1_500_000], ['1000.125', 1_000_125_000]] as const) {
    expect(microsOf(text), text).toBe(micros);
  }
  for (const micros of [1_234_000, 999_999_000, 5_000, 1_000, 12_345_000, 1_500_000]) expect(microsOf(dollarsText(micros)), dollarsText(micros)).toBe(micros);
});

test('amounts are written with the digits of an Arabic, a Persian or a Nepali keyboard too', () => {
  expect(asciiDigits('١٢٫٥٠ ۳۴ ५६७ x')).toBe('12.50 34 567 x');
  for (const text of ['١٢٫٥٠', '۱۲٫۵۰', '१२.५०', '١٢.٥', '१२,५']) {
    expect(microsOf(text), text).toBe(12_500_000);
    expect(minorOf(text, 'EUR'), text).toBe(1_250);
  }
  // Digits of other scripts, or what looks like one.
  for (const text of ['１２', '۱۲x', '፩', 'l0']) expect(microsOf(text), text).toBeNull();
});
