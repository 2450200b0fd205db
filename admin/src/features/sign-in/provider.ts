import { answer, api } from '@/lib/api/client';

/** Where to go after signing in, kept in this tab for as long as somebody is at the provider. */
const NEXT = 'steward.next';

/** What a provider sent the browser back with. */
export interface ProviderAnswer {
  code: string;
  state: string;
  iss: string | null;
}

/** Goes to the provider; this page is left. */
export async function goToProvider(next: string): Promise<void> {
  const { url } = await answer(api.POST('/api/v1/session/oidc'));
  sessionStorage.setItem(NEXT, next);
  window.location.assign(url);
}

/** Where somebody was on the way to; forgotten with the asking. */
export function takeNext(): string | null {
  const next = sessionStorage.getItem(NEXT);
  sessionStorage.removeItem(NEXT);
  return next;
}

/** The answer of a provider leaves the address bar before anything else. `refused` when it sent the browser back without one. */
export function takeAnswer(): ProviderAnswer | 'refused' | null {
  const params = new URLSearchParams(window.location.search);
  const [code, state] = [params.get('code'), params.get('state')];
  if (code === null && params.get('error') === null) return null;
  window.history.replaceState(null, '', window.location.pathname);
  return code === null || state === null ? 'refused' : { code, state, iss: params.get('iss') };
}

/** Takes an answer to the server, which takes it to the provider. */
export async function ticketFor({ code, state, iss }: ProviderAnswer): Promise<string> {
  const { ticket } = await answer(api.POST('/api/v1/session/oidc/answer', { body: { code, state, ...(iss !== null && { iss }) } }));
  return ticket;
}
