import { expect, test } from '@playwright/test';
import { wishKeys } from '../src/lib/wish';

test('a wish keeps its key until it came true, and with anything different about it has another', () => {
  let made = 0;
  const keys = wishKeys(() => `key-${(made += 1)}`);
  expect([keys.of(['a', 1]), keys.of(['a', 1]), keys.of(['a', 2]), keys.of(['a', 2])]).toEqual(['key-1', 'key-1', 'key-2', 'key-2']);
  keys.done();
  expect(keys.of(['a', 2])).toBe('key-3');
});
