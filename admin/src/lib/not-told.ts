/** Why a message did not arrive, by the server's code. */
export const NOT_TOLD = [
  'no_mail_server',
  'no_push_key',
  'address',
  'mail_late',
  'mail_not_let_in',
  'mail_refused',
  'mail_later',
  'mail_tls',
  'mail_broken',
  'push_late',
  'push_refused',
  'push_later',
] as const;

/** The reason of a code; none for one that is not known here, of which the server's own words are shown. */
export function notToldOf(code: string | null | undefined): (typeof NOT_TOLD)[number] | null {
  return NOT_TOLD.find((one) => one === code) ?? null;
}
