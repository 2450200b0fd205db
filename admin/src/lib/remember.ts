/** What this browser keeps for its reader: looks, language and the names of filters; never an answer of the server. A browser that keeps nothing is fine too. */
type Kept = 'locale' | 'theme' | 'keys' | `views.${string}`;

export function remember(name: Kept, value: string): void {
  try {
    localStorage.setItem(`steward.${name}`, value);
  } catch {
    // Storage may be full or forbidden; the choice then holds until the page is left.
  }
}

export function recall(name: Kept): string | null {
  try {
    return localStorage.getItem(`steward.${name}`);
  } catch {
    return null;
  }
}
