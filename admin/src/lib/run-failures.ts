/** What of a run says how it ended. */
interface Ended {
  outcome?: string | null;
  steps: number;
}

/** Faults of a model or of ours: bounds, and people who stop a run, are none. */
const BROKEN: readonly (string | null | undefined)[] = ['model_failed', 'failed'];

/** Those that ended by a fault, in the order they came in. */
export function brokenOf<T extends Ended>(runs: readonly T[]): T[] {
  return runs.filter((run) => BROKEN.includes(run.outcome));
}

/** Whether a model answered the last run that asked one; nothing where none did. Newest first. */
export function modelsAnswer(runs: readonly Ended[]): boolean | null {
  const last = runs.find((run) => run.outcome === 'model_failed' || run.steps > 0);
  return last === undefined ? null : last.outcome !== 'model_failed';
}
