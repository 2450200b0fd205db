/** Stages that a board shows even while nothing stands in them, in their order. Others are free words of the deals themselves. */
export const STAGES = ['new', 'qualified', 'proposal', 'negotiation', 'won', 'lost'] as const;
export type Stage = (typeof STAGES)[number];

export function isStage(text: string): text is Stage {
  return STAGES.some((stage) => stage === text);
}

/** The columns of a board: the usual stages, with those that deals bring along before the two ends. */
export function columnsOf(stages: readonly string[]): string[] {
  const others = [...new Set(stages)].filter((stage) => !isStage(stage)).sort();
  const open = STAGES.filter((stage) => stage !== 'won' && stage !== 'lost');
  return [...open, ...others, 'won', 'lost'];
}

/** The column beside one; none behind the last and before the first. */
export function beside(columns: readonly string[], stage: string, step: 1 | -1): string | null {
  const at = columns.indexOf(stage);
  return at < 0 ? null : (columns[at + step] ?? null);
}
