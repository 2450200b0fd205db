// Marks pages with Lighthouse: `marks.mjs ORIGIN COOKIE PAGES FORM`, one line of JSON for each page as it is done.
// It takes a newer Node.js than the web is built with, and is run by the one that its own packages bring.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import lighthouse from 'lighthouse';

const [origin, cookie, pages, form] = process.argv.slice(2);
const TRIES = 100;
const WAIT_MS = 200;
/** Streams never end, and lists are looked at again: a page is taken as it is after this time. */
const LOAD_MS_MAX = 12_000;
const FLAGS = { disableStorageReset: true, disableFullPageScreenshot: true, skipAboutBlank: true, maxWaitForLoad: LOAD_MS_MAX, onlyCategories: ['accessibility', 'best-practices'], onlyAudits: ['cumulative-layout-shift'], throttlingMethod: 'provided', logLevel: 'error' };

const chromium = process.env.CHROMIUM ?? '/usr/bin/chromium';
/** How often a page is marked whose browser did not answer: a busy machine is no fault of the page. */
const ATTEMPTS = 2;

function freePort() {
  return new Promise((done) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });
}

/** Where the browser listens, once it does. */
async function address(port) {
  for (let tried = 0; tried < TRIES; tried += 1) {
    try {
      return (await (await fetch(`http://127.0.0.1:${port}/json/version`)).json()).webSocketDebuggerUrl;
    } catch {
      await new Promise((done) => setTimeout(done, WAIT_MS));
    }
  }
  throw new Error(`${chromium} did not start`);
}

/** Each page is marked as somebody who is signed in sees it: Lighthouse itself sends no cookie with what pages fetch. */
function signIn(url) {
  const at = cookie.indexOf('=');
  const cookies = [{ name: cookie.slice(0, at), value: cookie.slice(at + 1), url: origin, httpOnly: true, sameSite: 'Strict' }];
  return new Promise((done, fail) => {
    const socket = new WebSocket(url);
    socket.onopen = () => socket.send(JSON.stringify({ id: 1, method: 'Storage.setCookies', params: { cookies } }));
    socket.onmessage = () => {
      socket.close();
      done();
    };
    socket.onerror = fail;
  });
}

const wide = { formFactor: 'desktop', screenEmulation: { mobile: false, width: 1350, height: 940, deviceScaleFactor: 1, disabled: false } };
const config = { extends: 'lighthouse:default', ...(form === 'desktop' && { settings: wide }) };

/** What Lighthouse says of a page, in a browser that never saw another. */
async function look(path) {
  const port = await freePort();
  const profile = mkdtempSync(join(tmpdir(), 'steward-lighthouse-'));
  const browser = spawn(chromium, ['--headless=new', '--no-sandbox', '--disable-dev-shm-usage', `--remote-debugging-port=${port}`, `--user-data-dir=${profile}`, '--lang=en-US'], { stdio: 'ignore' });
  const gone = new Promise((done) => browser.once('exit', done));
  try {
    await signIn(await address(port));
    return (await lighthouse(origin + path, { ...FLAGS, port }, config)).lhr;
  } finally {
    browser.kill('SIGKILL');
    await gone;
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function lookTwice(path) {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const seen = await look(path);
      if (seen.runtimeError !== undefined) throw new Error(seen.runtimeError.message);
      // A trace that broke off has no movement in it, and none is not the same as no movement.
      const shift = seen.audits['cumulative-layout-shift'];
      if (shift?.numericValue === undefined) throw new Error(`how far it moved is not known: ${shift?.errorMessage}`);
      return seen;
    } catch (error) {
      if (attempt === ATTEMPTS) throw error;
      console.error(`${path} is marked again: ${error.message}`);
    }
  }
}

const mark = (category) => Math.round((category.score ?? 0) * 100);
for (const [name, path] of Object.entries(JSON.parse(pages))) {
  const { categories, audits, finalDisplayedUrl } = await lookTwice(path);
  const refs = Object.values(categories).flatMap((category) => category.auditRefs);
  const short = refs.filter(({ id, weight }) => weight > 0 && audits[id].score !== null && audits[id].score < 1).map(({ id }) => id);
  const why = short.map((id) => `${id}: ${JSON.stringify(audits[id].details?.items ?? []).slice(0, 600)}`);
  console.log(JSON.stringify({ name, accessibility: mark(categories.accessibility), practices: mark(categories['best-practices']), shift: audits['cumulative-layout-shift'].numericValue, why, at: finalDisplayedUrl.replace(origin, '') }));
}
