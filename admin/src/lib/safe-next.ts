/** A path of these pages to go to after signing in; anything else is not followed. */
export function safeNext(next: string | null): string {
  return next !== null && /^\/(?![/\\])[\w\-./?=&%+~:]*$/.test(next) ? next : '/';
}
