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
  /** Runs a command of the program where it runs, to its end, and answers what that said. */
  command: (...words: string[]) => Promise<string>;
  stop: () => Promise<void>;
}

interface Setting {
  /** What stands in `steward.toml` below where it listens. */
  toml: string;
  /** Servers of tools whose first tools are taken on the word of whoever writes the configuration. */
  servers?: readonly string[];
  /** Folders of plugins that are installed and accepted before the first start, by the plugin's name. */
  plugins?: Readonly<Record<string, string>>;
}

const STEWARD = join(process.env['CARGO_TARGET_DIR'] ?? resolve('../target'), 'debug/steward');

/** What tests tell each other is none of the program's settings, and what it compiles is kept in the folder that it runs in. */
function environment(folder: string, settings: Record<string, string>): NodeJS.ProcessEnv {
  const ofNobody = { ...process.env };
  for (const name of Object.keys(ofNobody)) if (name.startsWith('STEWARD_')) Reflect.deleteProperty(ofNobody, name);
  return { ...ofNobody, XDG_CACHE_HOME: join(folder, 'cache'), ...settings };
}

/** Runs a command of the program in a folder, to its end, and answers what it said. */
export async function command(folder: string, words: readonly string[], settings: Record<string, string> = {}): Promise<string> {
  return (await promisify(execFile)(STEWARD, words, { cwd: folder, env: environment(folder, settings) })).stdout;
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

export async function start({ toml, servers = [], plugins = {} }: Setting): Promise<Program> {
  const home = mkdtempSync(join(tmpdir(), 'steward-web-'));
  // The private PostgreSQL runs as an unprivileged user when we are root: it must get through to its folder.
  chmodSync(home, 0o755);
  const port = await freePort();
  const config = join(home, 'steward.toml');
  writeFileSync(config, `owner_email = "ada@example.org"\norganisation = "Analytical Engines"\n[server]\nlisten = "127.0.0.1:${port}"\nweb_dir = ${JSON.stringify(resolve('dist'))}\n${toml}`);
  const settings = { STEWARD_CONFIG: config, SSL_CERT_FILE: resolve('../tests/peers/tls/ca.pem') };
  const run = (...words: string[]) => command(home, words, settings);
  for (const server of servers) await run('plugin', 'accept', server);
  for (const [name, folder] of Object.entries(plugins)) {
    await run('plugin', 'install', folder);
    await run('plugin', 'accept', name);
  }
  const program = spawn(STEWARD, ['up'], { cwd: home, stdio: ['ignore', 'pipe', 'pipe'], env: environment(home, settings) });
  const stop = async () => {
    const gone = new Promise((done) => program.once('exit', done));
    if (program.exitCode === null) {
      program.kill('SIGTERM');
      await gone;
    }
    rmSync(home, { recursive: true, force: true });
  };
  try {
    return { origin: `http://127.0.0.1:${port}`, home, link: await printed(program), pid: program.pid ?? 0, command: run, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
