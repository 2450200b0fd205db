/** A field that holds one value, of which one is kept. */
export interface MergeField<T> {
  /** In the server's words. */
  name: string;
  label: string;
  /** What tells two values apart; nothing where there is none. */
  value: (one: T) => string | null | undefined;
  /** How it is read, where that is something else. */
  shown?: (one: T) => string | null | undefined;
}

/** For each field, whose value: that of the first or of the second record as they stand side by side. */
export type Picks = Record<string, 0 | 1>;

/** Whether there is anything to choose: the two have different values, and neither has none. */
export function differing<T>({ value }: Pick<MergeField<T>, 'value'>, first: T, second: T): boolean {
  const [one, other] = [value(first) ?? '', value(second) ?? ''];
  return one !== other && one !== '' && other !== '';
}

/** The picks in the server's words, which say whose by who stays: the first, or after swapping the second. */
export function choiceOf(picks: Picks, isSwapped: boolean): Record<string, 'kept' | 'other'> {
  const stays = isSwapped ? 1 : 0;
  return Object.fromEntries(Object.entries(picks).map(([field, at]) => [field, at === stays ? 'kept' : 'other']));
}
