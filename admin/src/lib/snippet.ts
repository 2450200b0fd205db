/** Letters shown of a piece. */
const LETTERS_MAX = 280;
/** Letters shown before the first hit. */
const BEFORE = 80;

/** A part of a text: one of the words looked for, or what stands between them. */
export interface Part {
  text: string;
  isHit: boolean;
}

/** Letters without marks and case, one for each of the text's, so that a place in one is a place in the other. */
function fold(text: string): string {
  return [...text].map((letter) => (letter.normalize('NFD').replaceAll(/\p{Mn}/gu, '').toLowerCase() || letter).padEnd(letter.length).slice(0, letter.length)).join('');
}

/** The part of a text around the words looked for, in one line, with the words marked. */
export function snippet(text: string, words: string): Part[] {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  const folded = fold(line);
  const wanted = [...new Set(fold(words).split(/[^\p{L}\p{N}]+/u).filter((word) => word !== ''))];
  const hits = wanted
    .flatMap((word) => {
      const places: [number, number][] = [];
      for (let at = folded.indexOf(word); at >= 0; at = folded.indexOf(word, at + word.length)) places.push([at, at + word.length]);
      return places;
    })
    .sort(([a], [b]) => a - b);
  const first = hits[0]?.[0] ?? 0;
  const start = Math.max(0, first - BEFORE);
  const end = Math.min(line.length, start + LETTERS_MAX);
  const parts: Part[] = [];
  let at = start;
  for (const [from, to] of hits) {
    if (from < at || to > end) continue;
    if (from > at) parts.push({ text: line.slice(at, from), isHit: false });
    parts.push({ text: line.slice(from, to), isHit: true });
    at = to;
  }
  if (at < end) parts.push({ text: line.slice(at, end), isHit: false });
  if (start > 0) parts.unshift({ text: '…', isHit: false });
  if (end < line.length) parts.push({ text: '…', isHit: false });
  return parts;
}
