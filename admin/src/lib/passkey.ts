import type { Schemas } from '@/lib/api/client';

/** Nobody was recognised: the person said no, or the device gave up. */
export class PasskeyError extends Error {
  constructor(options?: ErrorOptions) {
    super('no passkey', options);
    this.name = 'PasskeyError';
  }
}

/** Bytes as base64url without padding. */
export function toText(bytes: ArrayBuffer): string {
  const binary = Array.from(new Uint8Array(bytes), (byte) => String.fromCharCode(byte)).join('');
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** Bytes from base64url. */
export function toBytes(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (letter) => letter.charCodeAt(0));
}

/** Browsers keep passkeys for names only, not for bare addresses. */
export function hasPasskeys(): boolean {
  return typeof PublicKeyCredential !== 'undefined' && !/^[\d.]+$|:|\[/.test(window.location.hostname);
}

/** Whatever the browser complains of is nobody recognised: it does not tell pages more. */
async function ask(call: () => Promise<Credential | null>): Promise<PublicKeyCredential> {
  try {
    const found = await call();
    if (found instanceof PublicKeyCredential) return found;
  } catch (cause) {
    throw new PasskeyError({ cause });
  }
  throw new PasskeyError();
}

/** Has the device make a passkey. */
export async function makePasskey(wanted: Schemas['PasskeyCreation']): Promise<Omit<Schemas['NewPasskey'], 'name'>> {
  const made = await ask(() =>
    navigator.credentials.create({
      publicKey: {
        challenge: toBytes(wanted.challenge),
        rp: { id: wanted.rp_id, name: 'Steward' },
        user: { id: toBytes(wanted.user_handle), name: wanted.user_name, displayName: wanted.display_name },
        pubKeyCredParams: wanted.algorithms.map((alg) => ({ type: 'public-key' as const, alg })),
        excludeCredentials: wanted.exclude.map((id) => ({ type: 'public-key' as const, id: toBytes(id) })),
        authenticatorSelection: { residentKey: 'required', requireResidentKey: true, userVerification: 'required' },
        attestation: 'none',
        timeout: wanted.timeout_ms,
      },
    }),
  );
  const { response } = made;
  if (!(response instanceof AuthenticatorAttestationResponse)) throw new PasskeyError();
  const key = response.getPublicKey();
  if (key === null) throw new PasskeyError();
  return {
    credential_id: toText(made.rawId),
    client_data: toText(response.clientDataJSON),
    authenticator_data: toText(response.getAuthenticatorData()),
    public_key: toText(key),
    algorithm: response.getPublicKeyAlgorithm(),
  };
}

/** Has the device say who is there. */
export async function givePasskey(wanted: Schemas['PasskeyRequest']): Promise<Schemas['AssertionBody']> {
  const said = await askFor(wanted);
  const { response } = said;
  if (!(response instanceof AuthenticatorAssertionResponse)) throw new PasskeyError();
  return {
    credential_id: toText(said.rawId),
    client_data: toText(response.clientDataJSON),
    authenticator_data: toText(response.authenticatorData),
    signature: toText(response.signature),
    user_handle: response.userHandle === null ? null : toText(response.userHandle),
  };
}

function askFor(wanted: Schemas['PasskeyRequest']): Promise<PublicKeyCredential> {
  return ask(() =>
    navigator.credentials.get({
      publicKey: {
        challenge: toBytes(wanted.challenge),
        rpId: wanted.rp_id,
        allowCredentials: wanted.credential_ids.map((id) => ({ type: 'public-key' as const, id: toBytes(id) })),
        userVerification: 'required',
        timeout: wanted.timeout_ms,
      },
    }),
  );
}
