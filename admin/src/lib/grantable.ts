/** Effects that a grant may cover; each call of any other is approved by itself. */
export const GRANTABLE: readonly string[] = ['read', 'fetch', 'write', 'send'];
