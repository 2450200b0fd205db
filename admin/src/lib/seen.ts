/** Characters that nobody sees and a model reads: controls, direction marks, joiners, tags, fillers, variation selectors, what has no meaning of its own. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Cn}\u2028\u2029\u2800\u3164\uFFA0\u115F\u1160\u17B4\u17B5\uFE00-\uFE0F\u{E0100}-\u{E01EF}]/gu;
/** Of them, those that lay out a text. */
const LAYOUT = new Set(['\n', '\t']);

/** A text from outside with a mark in place of each character that would not be seen, or would move what is seen. */
export function seen(text: string): string {
  return text.replaceAll(UNSEEN, (letter) => (LAYOUT.has(letter) ? letter : `⟨U+${(letter.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}⟩`));
}

/** Whether a text has characters that would not be seen. */
export function hasUnseen(text: string): boolean {
  return seen(text) !== text;
}
