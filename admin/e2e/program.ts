/** The real program in a throw-away folder, with a private PostgreSQL: as whoever starts it for the first time has it. */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const START_MS = 120_000 * Number(process.env['PATIENCE'] ?? 1);

export interface Program {
  origin: string;
  /** The folder it runs in, with its database below. */
  home: string;
  /** What it printed: where its owner signs in, once. */
  link: string;
  /** Its process. */
  pid: number;
  stop: () => Promise<void>;
}

interface Setting {
  /** What stands in `steward.toml` below where it listens. */
  toml: string;
  /** Servers of tools whose first tools are taken on the word of whoever writes the configuration. */
  servers?: readonly string[];
}

function freePort(): Promise<number> {
  return new Promise((done) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        done(typeof address === 'object' && address !== null ? address.port : 0);
      });
    });
  });
}

/** The program says in one go where it is and how its owner gets in. */
function printed(program: ChildProcess): Promise<string> {
  return new Promise((done, fail) => {
    let said = '';
    const timer = setTimeout(() => {
      fail(new Error(`steward did not start in ${START_MS} ms:\n${said}`));
    }, START_MS);
    const hear = (chunk: Buffer) => {
      said += chunk.toString();
      const found = /http:\S+\/sign-in#token=\S+/.exec(said);
      if (found === null) return;
      clearTimeout(timer);
      done(found[0]);
    };
    program.stdout?.on('data', hear);
    program.stderr?.on('data', hear);
    program.on('exit', (code) => {
      clearTimeout(timer);
      fail(new Error(`steward ended with ${code}:\n${said}`));
    });
  });
}

export async function start({ toml, servers = [] }: Setting): Promise<Program> {
  const home = mkdtempSync(join(tmpdir(), 'steward-web-'));
  // What tests tell each other is none of the program's settings.
  const ofNobody = { ...process.env };
  for (const name of Object.keys(ofNobody)) if (name.startsWith('STEWARD_')) Reflect.deleteProperty(ofNobody, name);
  // The private PostgreSQL runs as an unprivileged user when we are root: it must get through to its folder.
  chmodSync(home, 0o755);
  const port = await freePort();
  const config = join(home, 'steward.toml');
  writeFileSync(config, `owner_email = "ada@example.org"\norganisation = "Analytical Engines"\n[server]\nlisten = "127.0.0.1:${port}"\nweb_dir = ${JSON.stringify(resolve('dist'))}\n${toml}`);
  const steward = join(process.env['CARGO_TARGET_DIR'] ?? resolve('../target'), 'debug/steward');
  const env = { ...ofNobody, STEWARD_CONFIG: config, SSL_CERT_FILE: resolve('../tests/peers/tls/ca.pem') };
  for (const server of servers) await promisify(execFile)(steward, ['plugin', 'accept', server], { cwd: home, env });
  const program = spawn(steward, ['up'], { cwd: home, stdio: ['ignore', 'pipe', 'pipe'], env });
  const stop = async () => {
    const gone = new Promise((done) => program.once('exit', done));
    if (program.exitCode === null) {
      program.kill('SIGTERM');
      await gone;
    }
    rmSync(home, { recursive: true, force: true });
  };
  try {
    return { origin: `http://127.0.0.1:${port}`, home, link: await printed(program), pid: program.pid ?? 0, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
