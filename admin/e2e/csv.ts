/** Reads comma-separated values as RFC 4180 has them: what a spreadsheet would show of an export. */
export function csvOf(text: string): Record<string, string>[] {
  const rows: string[][] = [[]];
  let [field, isQuoted] = ['', false];
  const end = () => {
    rows.at(-1)?.push(field);
    field = '';
  };
  for (let at = 0; at < text.length; at += 1) {
    const letter = text[at] ?? '';
    if (isQuoted && letter === '"' && text[at + 1] === '"') {
      field += '"';
      at += 1;
    } else if (letter === '"') isQuoted = !isQuoted;
    else if (!isQuoted && letter === ',') end();
    else if (!isQuoted && text.startsWith('\r\n', at)) {
      end();
      at += 1;
      if (at + 1 < text.length) rows.push([]);
    } else field += letter;
  }
  if (isQuoted || field !== '') throw new Error('the file ends in the middle of a row');
  const [head = [], ...others] = rows;
  return others.map((row) => {
    if (row.length !== head.length) throw new Error(`a row has ${row.length} fields, and the first line names ${head.length}`);
    return Object.fromEntries(head.map((name, column) => [name, row[column] ?? '']));
  });
}
