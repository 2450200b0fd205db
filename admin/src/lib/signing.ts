/** The log is signed within seconds; an entry that waits longer says that nobody signs. */
const LATE_MS = 5 * 60_000;

/**
 * Whether entries wait for their signature longer than it takes. Of the newest entries, newest first, and `pageMax` at most:
 * where all of a full page wait, others before them do too, from the last signature on.
 */
export function isSigningLate(entries: readonly { at: string }[], pageMax: number, signedAt: string | undefined, now: number): boolean {
  const signed = signedAt === undefined ? -Infinity : Date.parse(signedAt);
  const waiting = entries.map(({ at }) => Date.parse(at)).filter((at) => at > signed);
  const oldest = waiting.at(-1);
  if (oldest === undefined) return false;
  const since = waiting.length === pageMax && Number.isFinite(signed) ? signed : oldest;
  return now - since > LATE_MS;
}
