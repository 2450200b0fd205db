/** The zeros of the digits that Arabic, Persian and Urdu, and Nepali keyboards type; the other nine follow each. */
const ZEROS = [0x660, 0x6f0, 0x966] as const;
const DIGITS = 10;
/** Their marks, by ours: what stands before the fraction, and between thousands. */
const MARKS: Readonly<Record<string, string>> = { '\u066B': '.', '\u066C': ',' };

/** A number with the digits and marks of any of our keyboards, in ASCII. Everything else stays. */
export function asciiDigits(text: string): string {
  return [...text]
    .map((letter) => {
      const code = letter.codePointAt(0) ?? 0;
      const zero = ZEROS.find((first) => code >= first && code < first + DIGITS);
      return zero === undefined ? (MARKS[letter] ?? letter) : String(code - zero);
    })
    .join('');
}
