/** All tabs of a browser have one session: who signs in or out in one of them does in all. They tell each other which it was, and nothing of whose. */
const NAME = 'steward.session';

/** Somebody signed in, or out. */
export type Told = 'in' | 'out';

/** One for the tab: what it says itself it does not hear. */
let channel: BroadcastChannel | null = null;

function open(): BroadcastChannel | null {
  // Where there is none, a tab learns it when it next asks who is signed in.
  if (channel === null && typeof BroadcastChannel !== 'undefined') channel = new BroadcastChannel(NAME);
  return channel;
}

/** Tells all other tabs that somebody signed in or out. */
export function tellOtherTabs(what: Told): void {
  open()?.postMessage(what);
}

/** Hears of it from other tabs, until the answer is called. */
export function hearOtherTabs(listener: (what: Told) => void): () => void {
  const heard = open();
  // A tab of an older version says nothing: then it is asked who is signed in, and nothing taken away.
  const hear = ({ data }: MessageEvent<unknown>) => listener(data === 'out' ? 'out' : 'in');
  heard?.addEventListener('message', hear);
  return () => heard?.removeEventListener('message', hear);
}
