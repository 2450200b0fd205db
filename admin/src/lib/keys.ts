/** A key that was pressed, as browsers tell it. */
interface Pressed {
  /** What it types. */
  key: string;
  /** Where it is on the keyboard, by what stands there on an American one. */
  code: string;
  shiftKey: boolean;
}

/**
 * The Latin letter, digit or mark that a key stands for: what it types, and on a keyboard that types no such thing there,
 * as an Arabic or a Devanagari one, what an American keyboard has in its place.
 */
export function keyOf({ key, code, shiftKey }: Pressed): string {
  // Names of keys, `Enter`, and what ASCII has are what they are.
  if (!/^[^\x00-\x7f]+$/.test(key)) return key;
  const letter = /^Key([A-Z])$/.exec(code)?.[1];
  if (letter !== undefined) return shiftKey ? letter : letter.toLowerCase();
  if (code === 'Slash') return shiftKey ? '?' : '/';
  return key;
}
