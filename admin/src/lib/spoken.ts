/** A longer line is told as it stands: each mark that nothing closes is looked for to its end, and of thousands of them that takes the page away. */
const LINE_LETTERS_MAX = 2_000;

/** Marks of Markdown and what stands for them when words are heard: nobody is read asterisks, pipes and rules. */
const MARKS: readonly (readonly [RegExp, string])[] = [
  // Fences, rules, and the line under the head of a table.
  [/^ {0,3}(?:```.*|~~~.*|(?=.*--)[|:\- ]+|(?:\* *){3,})$/gm, ''],
  [/!?\[([^\]\n]*)\]\([^)\n]*\)/g, '$1'],
  [/^ *(?:#{1,6}|>|[-*+]) +/gm, ''],
  [/(\*\*|__|~~)(?=\S)(.+?)(?<=\S)\1/g, '$2'],
  [/(?<![\w*])([*_])(?=\S)([^*_\n]+?)(?<=\S)\1(?![\w*])/g, '$2'],
  [/`+([^`\n]+)`+/g, '$1'],
];

/** A row of a table as its cells, one after the other. */
function row(_line: string, cells: string): string {
  return cells
    .split('|')
    .map((cell) => cell.trim())
    .join(', ');
}

/** One line as it is told: no mark reaches into another. */
function toldOf(line: string): string {
  if (line.length > LINE_LETTERS_MAX) return line;
  return MARKS.reduce((so, [mark, by]) => so.replaceAll(mark, by), line).replaceAll(/^ *\|(.*?)\|? *$/gm, row);
}

/** A model's text as it is told to whoever hears the page. */
export function spoken(text: string): string {
  return text
    .split('\n')
    .map(toldOf)
    .join('\n')
    .replaceAll(/\n{2,}/g, '\n')
    .trim();
}
