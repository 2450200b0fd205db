/** What comes over a network that may break: it is asked for until it is there, with waits that grow, and at once when the browser has a network again. */

/** Waits before further tries; the last counts for all that follow. */
const WAITS_MS = [1_000, 2_000, 4_000, 8_000, 16_000, 30_000] as const;
const WAIT_MS_MAX = 30_000;

export interface Pursuit {
  /** Tries now, unless a try is under way. */
  again: () => void;
  /** Ends it: nothing is asked for or told afterwards. */
  end: () => void;
}

/** What is gone by: each takes back what it was told with what it answers. */
export interface Surroundings {
  later: (waitMs: number, act: () => void) => () => void;
  whenOnline: (act: () => void) => () => void;
}

const BROWSER: Surroundings = {
  later: (waitMs, act) => {
    const timer = setTimeout(act, waitMs);
    return () => clearTimeout(timer);
  },
  whenOnline: (act) => {
    addEventListener('online', act);
    return () => removeEventListener('online', act);
  },
};

/** Asks until an answer has come, which is told once; `lost` hears of every try that failed, and why. */
export function pursue<T>(load: () => Promise<T>, came: (value: T) => void, lost: (cause: unknown) => void, { later, whenOnline }: Surroundings = BROWSER): Pursuit {
  let tries = 0;
  let isAsking = false;
  let isOver = false;
  let stopWaiting: () => void = () => undefined;
  const ask = () => {
    if (isAsking || isOver) return;
    stopWaiting();
    isAsking = true;
    load().then(
      (value) => {
        if (isOver) return;
        end();
        came(value);
      },
      (cause: unknown) => {
        isAsking = false;
        if (isOver) return;
        stopWaiting = later(WAITS_MS[tries] ?? WAIT_MS_MAX, ask);
        tries += 1;
        lost(cause);
      },
    );
  };
  const stopListening = whenOnline(ask);
  const end = () => {
    isOver = true;
    stopWaiting();
    stopListening();
  };
  ask();
  return { again: ask, end };
}
