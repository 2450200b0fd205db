import { idempotencyKey } from './api/client';

export interface WishKeys {
  /** The key of a wish: the same one, sent again, has the same key, and with anything different about it, it is another. */
  of: (wish: unknown) => string;
  /** It came true: the same again is another wish. */
  done: () => void;
}

/** Keys that make a wish that is sent twice one, by all that is wished. */
export function wishKeys(newKey: () => string = idempotencyKey): WishKeys {
  let last: { text: string; key: string } | null = null;
  return {
    of: (wish) => {
      const text = JSON.stringify(wish);
      const kept = last?.text === text ? last : { text, key: newKey() };
      last = kept;
      return kept.key;
    },
    done: () => {
      last = null;
    },
  };
}
