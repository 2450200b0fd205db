/** Something that happened at a time. */
interface Dated {
  at: string;
}

/** What is loaded page by page, newest first, as far as it is here. */
interface Loaded<T> {
  items: readonly T[];
  /** Whether all of it is here. */
  isWhole: boolean;
}

/**
 * Lists and moments in order of time, newest first. What is older than what is loaded of a list waits for the rest of it: what lies between is
 * not known yet.
 */
export function timeline<T extends Dated>(lists: readonly Loaded<T>[], moments: readonly T[]): T[] {
  const time = (one: T) => Date.parse(one.at);
  const from = Math.max(Number.NEGATIVE_INFINITY, ...lists.filter((list) => !list.isWhole).map((list) => Math.min(...list.items.map(time))));
  return [...lists.flatMap((list) => list.items), ...moments].filter((one) => time(one) >= from).sort((a, b) => time(b) - time(a));
}
