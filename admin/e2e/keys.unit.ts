import { expect, test } from '@playwright/test';
import { keyOf } from '../src/lib/keys';

test('a key of another script stands for what an American keyboard has there, and a Latin one for itself', () => {
  for (const [key, code, shiftKey, expected] of [
    ['ن', 'KeyK', false, 'k'],
    ['ल', 'KeyJ', false, 'j'],
    ['ِ', 'KeyA', true, 'A'],
    ['لا', 'KeyB', false, 'b'],
    ['ظ', 'Slash', false, '/'],
    ['؟', 'Slash', true, '?'],
    // A French keyboard types `a` where an American one has `q`, and a Spanish one has a letter of its own.
    ['a', 'KeyQ', false, 'a'],
    ['ñ', 'Semicolon', false, 'ñ'],
    ['?', 'Minus', true, '?'],
    ['Enter', 'Enter', false, 'Enter'],
    ['Dead', 'KeyE', false, 'Dead'],
  ] as const) {
    expect(keyOf({ key, code, shiftKey }), `${key} ${code}`).toBe(expected);
  }
});
