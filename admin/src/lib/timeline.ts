/** Something that happened at a time. */
interface Dated {
  at: string;
}

/**
 * What is loaded page by page, newest first, with moments among it in order of time. A moment older than what is loaded waits for the rest:
 * what lies between is not known yet.
 */
export function timeline<T extends Dated, M extends Dated>(loaded: readonly T[], moments: readonly M[], isWhole: boolean): (T | M)[] {
  const oldest = loaded.reduce<string | null>((least, one) => (least === null || Date.parse(one.at) < Date.parse(least) ? one.at : least), null);
  const shown = moments.filter((moment) => isWhole || (oldest !== null && Date.parse(moment.at) >= Date.parse(oldest)));
  return [...loaded, ...shown].sort((a, b) => Date.parse(b.at) - Date.parse(a.at));
}
