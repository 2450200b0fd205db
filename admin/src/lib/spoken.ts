/** Marks of Markdown and what stands for them when words are heard: nobody is read asterisks, pipes and rules. */
const MARKS: readonly (readonly [RegExp, string])[] = [
  // Fences, rules, and the line under the head of a table.
  [/^ {0,3}(?:```.*|~~~.*|[|:\- ]*-{2,}[|:\- ]*|(?:\* *){3,})$/gm, ''],
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

/** A model's text as it is told to whoever hears the page. */
export function spoken(text: string): string {
  const said = MARKS.reduce((so, [mark, by]) => so.replaceAll(mark, by), text);
  return said
    .replaceAll(/^ *\|(.*?)\|? *$/gm, row)
    .replaceAll(/\n{2,}/g, '\n')
    .trim();
}
