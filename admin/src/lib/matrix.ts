interface Cell {
  tool: string;
  situation: string;
  column: string;
  verdict: string;
}

/** What the rules say in one situation, a tool a row. */
export interface Matrix {
  situation: string;
  columns: string[];
  rows: { tool: string; verdicts: (string | null)[] }[];
}

/** Cells by situation, in the order in which they come. */
export function matrixOf(cells: readonly Cell[]): Matrix[] {
  const situations = [...new Set(cells.map((cell) => cell.situation))];
  return situations.map((situation) => {
    const own = cells.filter((cell) => cell.situation === situation);
    const columns = [...new Set(own.map((cell) => cell.column))];
    const tools = [...new Set(own.map((cell) => cell.tool))];
    const said = new Map(own.map((cell) => [`${cell.column} ${cell.tool}`, cell.verdict]));
    return { situation, columns, rows: tools.map((tool) => ({ tool, verdicts: columns.map((column) => said.get(`${column} ${tool}`) ?? null) })) };
  });
}
