/** Which limit has no room, by the server's code. */
export const LIMITS = ['budget', 'run', 'run_over'] as const;

/** The limit of a code; none for one that is not known here, of which the server's own words are shown. */
export function limitOf(code: string | null | undefined): (typeof LIMITS)[number] | null {
  return LIMITS.find((one) => one === code) ?? null;
}
