/** The private PostgreSQL behind the program that is tried: for what no person could make in the time a test has. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { world } from './world';

/** The lines of PostgreSQL's own note that say where it listens. */
const [PORT_LINE, SOCKET_LINE] = [3, 4];

/** Runs SQL as the owner of the cluster, and answers what it prints. */
export function sql(text: string): string {
  const { home } = world();
  const note = readdirSync(home, { recursive: true, encoding: 'utf8' }).find((path) => path.endsWith('postmaster.pid'));
  if (note === undefined) throw new Error(`there is no PostgreSQL below ${home}`);
  const lines = readFileSync(join(home, note), 'utf8').split('\n');
  return execFileSync('psql', ['-h', lines[SOCKET_LINE] ?? '', '-p', lines[PORT_LINE] ?? '', '-U', 'steward', '-d', 'steward', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-c', text], { encoding: 'utf8' }).trim();
}
