/** What the tests know of the program they try. */
export interface World {
  origin: string;
  /** The folder it runs in, with its database below. */
  home: string;
  pid: number;
  /** Where the server of tools is that is told at `/says` what to say of its tool. */
  tools: string;
  /** A program that asks to be let in: the address of its document, and where it listens. */
  client: { id: string; back: string };
}

/** The owner's password. */
export const PASSWORD = 'correct horse battery';
/** The owner's session. */
export const STATE = 'test-results/owner.json';
/** The session of somebody who sees everything and changes nothing. */
export const AUDITOR = 'test-results/auditor.json';

export function world(): World {
  const text = process.env['STEWARD_WEB_WORLD'];
  if (text === undefined) throw new Error('the program was not started: run the tests with `scripts/web test`');
  const found: World = JSON.parse(text);
  return found;
}
