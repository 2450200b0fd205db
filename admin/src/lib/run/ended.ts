/** Why a run ended without a reply, by the server's code; what is about money stands with the limits. */
export const END_REASONS = [
  'model_missing',
  'model_tries',
  'model_unreachable',
  'model_timeout',
  'model_rate_limited',
  'model_server',
  'model_refused',
  'model_cut_off',
  'model_empty',
  'model_too_long',
  'model_malformed',
  'denied_again',
  'same_end',
  'money_refused',
  'money_unanswered',
  'agent_gone',
  'mode_changed',
  'record_unwritten',
  'records_contradict',
  'taken_up_too_often',
  'counter_moved',
  'person_gone',
] as const;

/** The reason of a code; none for one that is not known here, of which the server's own words are shown. */
export function endReasonOf(code: string | null): (typeof END_REASONS)[number] | null {
  return END_REASONS.find((one) => one === code) ?? null;
}
