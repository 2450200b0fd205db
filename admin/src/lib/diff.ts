/** A line of two texts put side by side. */
export interface DiffLine {
  kind: 'same' | 'added' | 'removed';
  text: string;
  /** Its number in the text before and after; none where it is not in it. */
  before: number | null;
  after: number | null;
}

/** Lines beyond which the texts are not compared line by line: the table would hold their product. */
const LINES_MAX = 2_000;

/** The lines of two texts. No text has no line; what ends the last line of both is not a line more. */
function linesOf(before: string, after: string): [string[], string[]] {
  const areEnded = [before, after].every((text) => text === '' || text.endsWith('\n'));
  const lines = (text: string) => (text === '' ? [] : (areEnded ? text.slice(0, -1) : text).split('\n'));
  return [lines(before), lines(after)];
}

/** How one text became another, line by line: the longest common run of lines stays, the rest was removed or added. */
export function diffLines(before: string, after: string): DiffLine[] {
  const [a, b] = linesOf(before, after);
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start += 1;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end += 1;
  const [midA, midB] = [a.slice(start, a.length - end), b.slice(start, b.length - end)];
  const lines: DiffLine[] = [];
  const same = (from: number, to: number, shift: number) => {
    for (let at = from; at < to; at += 1) lines.push({ kind: 'same', text: a[at] ?? '', before: at + 1, after: at + 1 + shift });
  };
  same(0, start, 0);
  for (const line of middle(midA, midB)) lines.push({ ...line, before: line.before === null ? null : line.before + start, after: line.after === null ? null : line.after + start });
  same(a.length - end, a.length, b.length - a.length);
  return lines;
}

function middle(a: string[], b: string[]): DiffLine[] {
  const removed = a.map((text, at): DiffLine => ({ kind: 'removed', text, before: at + 1, after: null }));
  const added = b.map((text, at): DiffLine => ({ kind: 'added', text, before: null, after: at + 1 }));
  if (a.length === 0 || b.length === 0 || a.length > LINES_MAX || b.length > LINES_MAX) return [...removed, ...added];
  // Lengths of the longest common run of the rests, from the ends.
  const width = b.length + 1;
  const common = new Uint16Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      const at = i * width + j;
      common[at] = a[i] === b[j] ? (common[at + width + 1] ?? 0) + 1 : Math.max(common[at + width] ?? 0, common[at + 1] ?? 0);
    }
  }
  const lines: DiffLine[] = [];
  let [i, j] = [0, 0];
  while (i < a.length && j < b.length) {
    if (a[i] === b[j]) {
      lines.push({ kind: 'same', text: a[i] ?? '', before: i + 1, after: j + 1 });
      i += 1;
      j += 1;
    } else if ((common[(i + 1) * width + j] ?? 0) >= (common[i * width + j + 1] ?? 0)) {
      lines.push(...removed.slice(i, i + 1));
      i += 1;
    } else {
      lines.push(...added.slice(j, j + 1));
      j += 1;
    }
  }
  return [...lines, ...removed.slice(i), ...added.slice(j)];
}

/** Differences with a few lines around each; what is left out between them is a gap of so many lines. */
export function withContext(lines: readonly DiffLine[], around = 3): (DiffLine | { gap: number })[] {
  const isNear = lines.map((_, at) => lines.slice(Math.max(0, at - around), at + around + 1).some((line) => line.kind !== 'same'));
  const found: (DiffLine | { gap: number })[] = [];
  let gap = 0;
  lines.forEach((line, at) => {
    if (isNear[at] !== true) {
      gap += 1;
      return;
    }
    if (gap > 0) found.push({ gap });
    gap = 0;
    found.push(line);
  });
  if (gap > 0 && found.length > 0) found.push({ gap });
  return found;
}
