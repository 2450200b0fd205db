/** All tabs of a browser have one session: who signs in or out in one of them does in all. They tell each other that it is another one, and nothing of whose. */
const NAME = 'steward.session';

/** One for the tab: what it says itself it does not hear. */
let channel: BroadcastChannel | null = null;

function open(): BroadcastChannel | null {
  // Where there is none, a tab learns it when it next asks who is signed in.
  if (channel === null && typeof BroadcastChannel !== 'undefined') channel = new BroadcastChannel(NAME);
  return channel;
}

/** Tells all other tabs that somebody signed in or out. */
export function tellOtherTabs(): void {
  open()?.postMessage(null);
}

/** Hears of it from other tabs, until the answer is called. */
export function hearOtherTabs(listener: () => void): () => void {
  const heard = open();
  heard?.addEventListener('message', listener);
  return () => heard?.removeEventListener('message', listener);
}
