/** By what usage is summed. */
export const BYS = ['day', 'model', 'prompt', 'tool', 'person', 'agent'] as const;
export type By = (typeof BYS)[number];

/** How many days are looked back on. */
export const PERIODS = ['7', '30', '90', '365'] as const;

const DAY_MS = 24 * 60 * 60 * 1_000;
const USUAL = 30;

export function byOf(text: string): By {
  return BYS.find((by) => by === text) ?? 'day';
}

export function periodOf(text: string): (typeof PERIODS)[number] {
  return PERIODS.find((period) => period === text) ?? '30';
}

/** So many whole days in UTC, today among them, as the server counts them. */
export function daysOf(now: number, days: number): { from: string; to: string } {
  const tomorrow = (Math.floor(now / DAY_MS) + 1) * DAY_MS;
  const day = (ms: number) => new Date(ms).toISOString().slice(0, 10);
  return { from: day(tomorrow - (Number.isFinite(days) ? days : USUAL) * DAY_MS), to: day(tomorrow) };
}

/** Every day from one on, with what it had or nothing: a chart without gaps where nothing happened. */
export function everyDay<T extends { key: string }>(items: readonly T[], from: string, to: string): { day: string; item: T | null }[] {
  const known = new Map(items.map((item) => [item.key, item]));
  const all: { day: string; item: T | null }[] = [];
  for (let at = Date.parse(from); at < Date.parse(to); at += DAY_MS) {
    const day = new Date(at).toISOString().slice(0, 10);
    all.push({ day, item: known.get(day) ?? null });
  }
  return all;
}

/** What calls of tools took together. */
export interface Took {
  times: number;
  runs: number;
  ms: number;
  fuel: number;
}

/**
 * What some tools took of what was summed by tool; nothing where the list was cut before one of them, so that nobody knows.
 * A run that calls two of them counts for each, so runs are known of one tool alone.
 */
export function tookOf(tools: readonly string[], { items, is_cut: isCut }: { items: readonly (Took & { key: string })[]; is_cut: boolean }): Took | null {
  const known = items.filter((item) => tools.includes(item.key));
  if (isCut && known.length < tools.length) return null;
  return known.reduce((sum, item) => ({ times: sum.times + item.times, runs: sum.runs + item.runs, ms: sum.ms + item.ms, fuel: sum.fuel + item.fuel }), { times: 0, runs: 0, ms: 0, fuel: 0 });
}
