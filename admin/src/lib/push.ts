import type { Schemas } from '@/lib/api/client';
import { toBytes, toText } from './passkey';

/** What this browser can do: nothing, only once installed, what the person forbade it, or what is asked of it. */
export type PushState = 'unsupported' | 'install' | 'denied' | 'off' | 'on';

/** The browser could not get an address from its maker's service. */
export class PushError extends Error {
  constructor(options?: ErrorOptions) {
    super('no push service', options);
    this.name = 'PushError';
  }
}

const BROWSERS: readonly [RegExp, string][] = [
  [/Edg(A|iOS)?\//, 'Edge'],
  [/OPR\//, 'Opera'],
  [/SamsungBrowser\//, 'Samsung Internet'],
  [/(Firefox|FxiOS)\//, 'Firefox'],
  [/(Chrome|CriOS)\//, 'Chrome'],
  [/Safari\//, 'Safari'],
];
const SYSTEMS: readonly [RegExp, string][] = [
  [/iPhone/, 'iPhone'],
  [/iPad/, 'iPad'],
  [/Android/, 'Android'],
  [/Windows/, 'Windows'],
  [/CrOS/, 'ChromeOS'],
  [/Mac OS X/, 'Mac'],
  [/Linux/, 'Linux'],
];

/** What to call a browser in a list: by its own words, shortly. */
export function deviceName(agent: string): string {
  const find = (known: readonly [RegExp, string][]) => known.find(([pattern]) => pattern.test(agent))?.[1];
  return [find(BROWSERS), find(SYSTEMS)].filter((one) => one !== undefined).join(' · ') || 'Browser';
}

/** Whether a listed browser is the one with this address. */
export function isAt(listed: Pick<Schemas['PushView'], 'service' | 'ends_with'>, endpoint: string | null): boolean {
  return endpoint !== null && endpoint.startsWith(`${listed.service}/`) && endpoint.endsWith(listed.ends_with);
}

/** What a browser can do by what it has. */
export function stateOf(has: { worker: boolean; push: boolean; permission: NotificationPermission | null; isApple: boolean; isInstalled: boolean; isSubscribed: boolean }): PushState {
  if (has.isApple && !has.isInstalled && !has.push) return 'install';
  if (!has.worker || !has.push || has.permission === null) return 'unsupported';
  if (has.permission === 'denied') return 'denied';
  return has.isSubscribed && has.permission === 'granted' ? 'on' : 'off';
}

/** The worker that shows messages; none where there cannot be one. Asking for the one that is there does nothing. */
async function worker(): Promise<ServiceWorkerRegistration | null> {
  if (!('serviceWorker' in navigator)) return null;
  return navigator.serviceWorker.register('/sw.js').catch(() => null);
}

/** How this browser is, and the address under which it takes messages. */
export async function look(): Promise<{ state: PushState; endpoint: string | null }> {
  const registration = await worker();
  const subscription = (await registration?.pushManager?.getSubscription()) ?? null;
  const state = stateOf({
    worker: registration !== null,
    push: 'PushManager' in window,
    permission: 'Notification' in window ? Notification.permission : null,
    isApple: /iPhone|iPad/.test(navigator.userAgent),
    isInstalled: matchMedia('(display-mode: standalone)').matches,
    isSubscribed: subscription !== null,
  });
  return { state, endpoint: subscription?.endpoint ?? null };
}

/** Asks the person, and then the browser's maker. Only ever on a press: browsers refuse pages that ask by themselves. Null when the person says no. */
export async function turnOn(key: string): Promise<Omit<Schemas['NewPush'], 'name'> | null> {
  if ((await Notification.requestPermission()) !== 'granted') return null;
  try {
    const registration = await worker();
    if (registration === null) throw new PushError();
    await navigator.serviceWorker.ready;
    const before = await registration.pushManager.getSubscription();
    const itsKey = before?.options.applicationServerKey ?? null;
    // One that was made for another key takes nothing from us.
    if (before !== null && (itsKey === null || toText(itsKey) !== key)) await before.unsubscribe();
    const made = await registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: toBytes(key) });
    const [p256dh, auth] = [made.getKey('p256dh'), made.getKey('auth')];
    if (p256dh === null || auth === null) throw new PushError();
    return { endpoint: made.endpoint, p256dh: toText(p256dh), auth: toText(auth) };
  } catch (cause) {
    throw cause instanceof PushError ? cause : new PushError({ cause });
  }
}

/** Forgets the address: its maker takes nothing more for it. */
export async function turnOff(): Promise<void> {
  const registration = await worker();
  await (await registration?.pushManager?.getSubscription())?.unsubscribe();
}
