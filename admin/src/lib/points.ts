/** An address or a number with what it is for. */
interface Point {
  value: string;
  label?: string | null;
}

/** One a line, for a field one can write in. */
export function linesOf(points: readonly Point[]): string {
  return points.map((point) => point.value).join('\n');
}

/** The lines that say something, each once. */
export function wordsIn(text: string): string[] {
  return [...new Set(text.split('\n').map((line) => line.trim()).filter((line) => line !== ''))];
}

/** The lines as points. One that was there before keeps what it is for. */
export function pointsIn(text: string, before: readonly Point[]): Point[] {
  return wordsIn(text).map((value) => before.find((point) => point.value === value) ?? { value });
}
