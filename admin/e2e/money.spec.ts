/** A program of its own, with a plugin that pays and a mail server: what no tool that comes along does is tried with one that does. */
import { request, type APIRequestContext, type APIResponse, type Browser, type BrowserContextOptions, type Page } from '@playwright/test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, say, test } from './fixtures';
import { startMailServer, type MailServer } from './mail-server';
import { start, type Program } from './program';
import { buildPurse, signPurse } from './purse';
import { modelOf, PAYMENT, startScriptedModel } from './scripted-model';
import { appCode } from './totp';
import { PASSWORD } from './world';

const PATIENCE = Number(process.env['PATIENCE'] ?? 1);
/** What waits is told of every few seconds. */
const MAIL_MS = 30_000 * PATIENCE;
const NOBODY = { cookies: [], origins: [] };
const WRONG_CODE = 'This code is wrong, old or was used. Wait for the next one.';

interface Office {
  program: Program;
  mail: MailServer;
  /** Its first owner, as a program: who asks for what is paid, and so leaves it to others. */
  ada: APIRequestContext;
  /** Where plugins are built. */
  below: string;
  /** The key by which whoever made the plugin is known. */
  maker: string;
  close: () => Promise<void>;
}

let opened: Office | null = null;

function office(): Office {
  if (opened === null) throw new Error('the program was not started');
  return opened;
}

async function well(asked: Promise<APIResponse>): Promise<APIResponse> {
  const response = await asked;
  expect(response.ok(), `${response.url()}: ${response.ok() ? '' : await response.text()}`).toBe(true);
  return response;
}

/** Somebody as a program: their session and nothing else. */
function asProgram(origin: string): Promise<APIRequestContext> {
  return request.newContext({ baseURL: origin, extraHTTPHeaders: { origin }, storageState: NOBODY });
}

function secretOf(link: string): string {
  return new URL(link).hash.replace('#token=', '');
}

async function open(): Promise<Office> {
  const below = mkdtempSync(join(tmpdir(), 'steward-purse-'));
  const first = await buildPurse(below, 'first');
  const maker = await signPurse(below, first);
  const model = await startScriptedModel();
  const mail = await startMailServer();
  const program = await start({
    plugins: { purse: first },
    toml:
      `${modelOf(model.url)}[agents.assistant]\ntools = ["crm.*", "purse.*"]\n` +
      `[plugins]\nallow_unsigned = true\ntrusted_keys = ["${maker}"]\n` +
      `[notices.mail]\nurl = "smtp+plain://127.0.0.1:${mail.port}"\nfrom = "Steward <steward@example.org>"\n`,
  });
  const close = async () => {
    await program.stop();
    mail.close();
    model.server.closeAllConnections();
    model.server.close();
    rmSync(below, { recursive: true, force: true });
  };
  try {
    const ada = await asProgram(program.origin);
    await well(ada.post('/api/v1/session', { data: { link: secretOf(program.link) } }));
    await well(ada.put('/api/v1/me/password', { data: { new: PASSWORD } }));
    return { program, mail, ada, below, maker, close };
  } catch (error) {
    await close();
    throw error;
  }
}

test.beforeAll(async () => {
  test.setTimeout(180_000 * PATIENCE);
  opened = await open();
});

test.afterAll(async () => {
  await opened?.ada.dispose();
  await opened?.close();
  opened = null;
});

/** Another owner, with a password and a second factor that counts. Its code of a step before now is used up. */
async function another(name: string): Promise<{ email: string; secret: string; api: APIRequestContext }> {
  const { ada, program } = office();
  const email = `${name.toLowerCase()}@example.org`;
  // Letting somebody in takes the password of the last minutes.
  await well(ada.post('/api/v1/session/prove', { data: { password: PASSWORD } }));
  const invited = await (await well(ada.post('/api/v1/people', { data: { email, display_name: name, roles: [{ role: 'owner' }] } }))).json();
  const api = await asProgram(program.origin);
  await well(api.post('/api/v1/session', { data: { link: secretOf(invited.sign_in_link) } }));
  await well(api.put('/api/v1/me/password', { data: { new: PASSWORD } }));
  await well(api.post('/api/v1/session/prove', { data: { password: PASSWORD } }));
  const { secret } = await (await well(api.post('/api/v1/me/totp'))).json();
  await well(api.post('/api/v1/me/totp/confirm', { data: { code: appCode(secret, -1) } }));
  return { email, secret: String(secret), api };
}

/** A browser of somebody's own, as wide as the test's. */
async function browse(page: Page, browser: Browser, storageState: BrowserContextOptions['storageState'] = NOBODY): Promise<Page> {
  const context = await browser.newContext({ baseURL: office().program.origin, storageState, serviceWorkers: 'block', viewport: page.viewportSize(), locale: 'en-US' });
  return context.newPage();
}

/** Ada has something paid. Answers her browser, in the conversation, and where the card is. */
async function paying(page: Page, browser: Browser): Promise<{ ada: Page; path: string }> {
  const ada = await browse(page, browser, await office().ada.storageState());
  await say(ada, 'Please pay for the ribbon.');
  await expect(cardOn(ada)).toBeVisible({ timeout: 20_000 * PATIENCE });
  const path = await ada.getByRole('link', { name: 'Open the whole card' }).getAttribute('href');
  expect(path).toMatch(/^\/holds\/hold_/);
  return { ada, path: path ?? '' };
}

function cardOn(page: Page) {
  return page.getByRole('group', { name: 'Held action purse.pay' });
}

/** How a held action stands, by the server. */
async function standing(path: string): Promise<{ state: string; effect: string; envelope_id: string; about: string }> {
  return (await well(office().ada.get(`/api/v1${path}`))).json();
}

test('whom an action reaches and what it pays is marked', async ({ page, browser }) => {
  const { ada, path } = await paying(page, browser);
  // Who asked for it sees it all, and leaves it to others.
  await expect(cardOn(ada).getByRole('button', { name: 'Approve' })).toHaveAccessibleDescription('You asked for this or edited it: others have to decide.');
  await ada.getByRole('link', { name: 'Open the whole card' }).click();
  await ada.waitForURL(path);
  const card = cardOn(ada);
  await expect(card.getByText('moves money', { exact: true }).first()).toBeVisible();
  const line = (name: string) => card.locator('dl > div').filter({ has: ada.locator('dt').filter({ hasText: name }) });
  for (const [name, mark, value] of [
    ['to › 1', 'Receiver', PAYMENT.to[0]],
    ['account', 'Payee', PAYMENT.account],
    ['amount minor', 'Amount', String(PAYMENT.amount_minor)],
  ] as const) {
    await expect(line(name).getByRole('term')).toContainText(mark);
    await expect(line(name).getByRole('definition').first()).toHaveText(value ?? 'nothing');
  }
  await expect(card.getByRole('term').filter({ hasText: 'note' })).toHaveText(/^note\s*$/);
  // In the queue its row is about what is marked, and not about the note.
  const { about, effect } = await standing(path);
  expect(effect).toBe('money');
  expect([PAYMENT.account, ...PAYMENT.to, String(PAYMENT.amount_minor)]).toContain(about);
  await ada.goto('/holds');
  await expect(ada.locator(`a[href="${path}"]`).first()).toContainText(about);
  await ada.context().close();
});

test('a card that needs a second factor asks for it inline', async ({ page, browser }, info) => {
  const petra = await another(`Petra-${info.project.name}`);
  const { ada, path } = await paying(page, browser);
  const { envelope_id: envelope } = await standing(path);
  const theirs = await browse(page, browser, await petra.api.storageState());
  await theirs.goto(path);
  await theirs.getByRole('button', { name: 'Approve' }).click();
  const dialog = theirs.getByRole('dialog', { name: 'Approve exactly this?' });
  await expect(dialog.getByRole('term').filter({ hasText: 'amount minor' })).toContainText('Amount');
  await expect(dialog.getByRole('term').filter({ hasText: 'account' })).toContainText('Payee');
  const refused = theirs.waitForResponse((response) => response.url().endsWith('/approve'));
  await dialog.getByRole('button', { name: 'Approve exactly this' }).click();
  const refusal = await refused;
  expect(refusal.status()).toBe(403);
  expect(await refusal.json()).toMatchObject({ code: 'step_up_required', step_up: { for: envelope, factors: ['totp'] } });
  const asked = dialog.getByRole('form', { name: 'Second factor' });
  await expect(asked.getByLabel('Code', { exact: true })).toBeFocused();
  await theirs.screenshot({ path: `test-results/factor-card-${info.project.name}.png` });
  await asked.getByLabel('Code', { exact: true }).fill('000000');
  await theirs.keyboard.press('Enter');
  await expect(asked.getByRole('alert')).toHaveText(WRONG_CODE);
  expect((await standing(path)).state).toBe('held');
  await asked.getByLabel('Code', { exact: true }).fill(appCode(petra.secret, 0));
  await theirs.keyboard.press('Enter');
  await expect(theirs.getByText('Approved. The run goes on.')).toBeVisible();
  // It is paid once, and whoever asked for it reads so.
  await expect(ada.getByRole('article').getByText('The ribbon is paid.', { exact: true }).last()).toBeVisible({ timeout: 15_000 * PATIENCE });
  await expect.poll(async () => (await standing(path)).state).toBe('done');
  for (const one of [theirs, ada]) await one.context().close();
  await petra.api.dispose();
});

test('the link in a mail leads whoever is signed out through the door to the card, where it is decided', async ({ page, browser }, info) => {
  test.setTimeout(90_000 * PATIENCE);
  const mila = await another(`Mila-${info.project.name}`);
  const { ada, path } = await paying(page, browser);
  const { mail, program } = office();
  const told = () => mail.kept.filter((one) => one.to === mila.email && one.text.includes(path));
  await expect.poll(() => told().length, { timeout: MAIL_MS }).toBe(1);
  const [letter] = told();
  expect(letter?.subject).toBe('Something waits for your decision');
  expect(letter?.text).toContain('purse.pay');
  for (const never of [PAYMENT.account, ...PAYMENT.to, PAYMENT.note, 'Ada']) expect(letter?.text).not.toContain(never);
  const link = /http:\S+\/holds\/hold_\w+/.exec(letter?.text ?? '')?.[0] ?? '';
  expect(link).toBe(`${program.origin}${path}`);
  // Who asked for it is not told: they could not decide.
  expect(mail.kept.filter((one) => one.to === 'ada@example.org')).toEqual([]);

  const own = await browse(page, browser);
  const fits = () => own.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth);
  await own.goto(link);
  await expect(own).toHaveURL(`/sign-in?next=${encodeURIComponent(path)}`);
  await expect(own.getByText(PAYMENT.account)).toHaveCount(0);
  await own.getByLabel('E-mail address').fill(mila.email);
  await own.getByLabel('Password').fill(PASSWORD);
  await own.getByRole('button', { name: 'Sign in' }).click();
  await expect(own.getByText('That was right. Now a code of your second factor.')).toBeVisible();
  await own.getByLabel('Code', { exact: true }).fill(appCode(mila.secret, 0));
  await own.getByRole('button', { name: 'Sign in' }).click();
  await expect(own).toHaveURL(path);
  await expect(cardOn(own).getByRole('term').filter({ hasText: 'amount minor' })).toContainText('Amount');
  expect(await fits()).toBe(true);
  await own.getByRole('button', { name: 'Approve' }).click();
  await own.getByRole('button', { name: 'Approve exactly this' }).click();
  // The code that let them in does not decide: the one after it does, which an app may be ahead by.
  const asked = own.getByRole('form', { name: 'Second factor' });
  await asked.getByLabel('Code', { exact: true }).fill(appCode(mila.secret, 1));
  expect(await fits()).toBe(true);
  await own.keyboard.press('Enter');
  await expect(own.getByText('Approved. The run goes on.')).toBeVisible();
  await expect(cardOn(own).getByText('It was approved and is done.')).toBeVisible({ timeout: 15_000 * PATIENCE });
  // The same link leads there still, and there is nothing left to decide.
  await own.goto(link);
  await expect(cardOn(own).getByText('It was approved and is done.')).toBeVisible();
  await expect(own.getByRole('button', { name: 'Approve' })).toHaveCount(0);
  for (const one of [own, ada]) await one.context().close();
  await mila.api.dispose();
});

/** The version of the plugin that runs. */
async function running(): Promise<string | undefined> {
  const { items }: { items: { name: string; version: string }[] } = await (await well(office().ada.get('/api/v1/plugins'))).json();
  return items.find((one) => one.name === 'purse')?.version;
}

test('an upgrade of a plugin shows first what it would reach, who signed it and what it may use', async ({ page, browser }, info) => {
  const olga = await another(`Olga-${info.project.name}`);
  const { program, below, maker } = office();
  await program.command('plugin', 'install', await buildPurse(below, 'second'));
  const said = await program.command('plugin', 'accept', 'purse', '--reason', 'It gives back, too.');
  const change = /change_[0-9a-z]{26}/.exec(said)?.[0] ?? '';
  expect(said).toContain('another owner accepts it');
  const { report } = await (await well(olga.api.get(`/api/v1/changes/${change}`))).json();

  // Who proposed it reads it and decides nothing; what runs is the one before.
  const ada = await browse(page, browser, await office().ada.storageState());
  await ada.goto(`/changes/${change}`);
  await expect(ada.getByRole('button', { name: 'Approve' })).toHaveAccessibleDescription('You proposed this: another owner decides.');
  expect(await running()).toBe('1.0.0');

  const theirs = await browse(page, browser, await olga.api.storageState());
  await theirs.goto(`/changes/${change}`);
  await expect(theirs.getByRole('heading', { name: 'Plugin purse' })).toBeVisible();
  await expect(theirs.getByText('It gives back, too.')).toBeVisible();
  await theirs.screenshot({ path: `test-results/change-plugin-${info.project.name}.png` });
  const line = (name: string) => theirs.locator('dl > div').filter({ has: theirs.locator('dt').getByText(name, { exact: true }) });
  await expect(line('Would reach')).toContainText('newclock');
  await expect(line('Would reach')).toContainText('as beforelog');
  await expect(line('Signed by')).toContainText(`nownobodywas${maker}`);
  await expect(line('Each call')).toContainText('more16 MiB of memory becomes 32 MiB of memory');
  await expect(line('Each call')).toContainText('less5 sec of time becomes 1 sec of time');
  await expect(line('Each call')).toContainText('as before64 KiB of result');
  await expect(line('Version')).toContainText('now1.1.0was1.0.0');
  await expect(line('Code')).toContainText(`now${report.plugin_after.digest}was${report.plugin_before.digest}`);
  // What pays and is new comes first, and what only reads last.
  const tools = theirs.getByRole('group', { name: /^purse\.\w+$/ });
  await expect(tools).toHaveCount(3);
  await expect(tools.first()).toContainText('purse.refund');
  await expect(tools.first().getByText('moves money', { exact: true })).toBeVisible();
  await expect(tools.first().getByText('cannot be undone', { exact: true })).toBeVisible();
  await expect(tools.last().getByText('removed: Says how much is in the purse.')).toBeVisible();
  await expect(tools.last().getByText('added: Says how much is in the purse now.')).toBeVisible();

  await theirs.getByRole('button', { name: 'Approve' }).click();
  const dialog = theirs.getByRole('dialog', { name: 'Approve exactly this?' });
  await dialog.getByRole('button', { name: 'Approve exactly this' }).click();
  const asked = dialog.getByRole('form', { name: 'Second factor' });
  await asked.getByLabel('Code', { exact: true }).fill('000000');
  await asked.getByRole('button', { name: 'Give the code and go on' }).click();
  await expect(asked.getByRole('alert')).toHaveText(WRONG_CODE);
  expect(await running()).toBe('1.0.0');
  await asked.getByLabel('Code', { exact: true }).fill(appCode(olga.secret, 0));
  await asked.getByRole('button', { name: 'Give the code and go on' }).click();
  await expect(theirs.getByText('Approved. It is in force within two seconds.')).toBeVisible();
  await expect.poll(running, { timeout: 20_000 * PATIENCE }).toBe('1.1.0');
  for (const one of [ada, theirs]) await one.context().close();
  await olga.api.dispose();
});
