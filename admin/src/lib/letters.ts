/** A text in two: at most so many letters, and the rest. A letter of two units, as most emoji are, is never halved. */
export function cutAfter(text: string, letters: number): [string, string] {
  // No text has more letters than units, and a letter has two at most.
  if (text.length <= letters) return [text, ''];
  const head = [...text.slice(0, letters * 2)].slice(0, letters).join('');
  return [head, text.slice(head.length)];
}
