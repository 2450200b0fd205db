interface Cell {
  tool: string;
  effect: string;
  situation: string;
  column: string;
  verdict: string;
  needs: string[];
}

/** What the rules say in one situation, a tool a row. */
export interface Matrix {
  situation: string;
  columns: string[];
  rows: { tool: string; effect: string; cells: (Pick<Cell, 'verdict' | 'needs'> | null)[] }[];
}

/** Cells by situation, in the order in which they come. */
export function matrixOf(all: readonly Cell[]): Matrix[] {
  const situations = [...new Set(all.map((cell) => cell.situation))];
  return situations.map((situation) => {
    const own = all.filter((cell) => cell.situation === situation);
    const columns = [...new Set(own.map((cell) => cell.column))];
    const effects = new Map(own.map((cell) => [cell.tool, cell.effect]));
    const said = new Map(own.map(({ column, tool, verdict, needs }) => [`${column} ${tool}`, { verdict, needs }]));
    return { situation, columns, rows: [...effects].map(([tool, effect]) => ({ tool, effect, cells: columns.map((column) => said.get(`${column} ${tool}`) ?? null) })) };
  });
}
