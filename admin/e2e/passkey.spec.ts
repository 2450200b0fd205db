import type { Browser, Page } from '@playwright/test';
import { expect, test } from './fixtures';

/** A device that keeps passkeys and recognises whoever is there: Chromium's own, told what to do over its debugging protocol. */
async function device(page: Page) {
  const protocol = await page.context().newCDPSession(page);
  await protocol.send('WebAuthn.enable');
  const options = { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true } as const;
  const { authenticatorId } = await protocol.send('WebAuthn.addVirtualAuthenticator', { options });
  return {
    recognises: (isUserVerified: boolean) => protocol.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified }),
    keys: async () => (await protocol.send('WebAuthn.getCredentials', { authenticatorId })).credentials,
  };
}

/** Somebody new who came by a link, at the name of this machine: browsers keep no passkeys for a bare address. */
async function newcomer(page: Page, browser: Browser, name: string) {
  await page.goto('/people');
  const origin = new URL(page.url()).origin;
  const invited = await (await page.request.post('/api/v1/people', { data: { email: `${name.toLowerCase()}@example.org`, display_name: name, roles: [{ role: 'owner' }] }, headers: { origin } })).json();
  const named = origin.replace('127.0.0.1', 'localhost');
  const context = await browser.newContext({ baseURL: named, storageState: { cookies: [], origins: [] }, viewport: page.viewportSize() });
  const theirs = await context.newPage();
  await theirs.goto(`/sign-in${new URL(invited.sign_in_link).hash}`);
  await theirs.getByRole('button', { name: 'Sign in with this link' }).click();
  await expect(theirs).toHaveURL('/chat');
  return { context, theirs };
}

test('a passkey is registered, signs in, is asked for a grave act, and goes', async ({ page, browser }, info) => {
  const { context, theirs } = await newcomer(page, browser, `Kay-${info.project.name}`);
  const phone = await device(theirs);
  await theirs.goto('/settings');
  await theirs.getByRole('button', { name: 'Add a passkey' }).click();
  const dialog = theirs.getByRole('dialog', { name: 'Add a passkey' });
  await dialog.getByLabel('Name').fill('My phone');
  await phone.recognises(false);
  await dialog.getByRole('button', { name: 'Make it' }).click();
  await expect(dialog.getByRole('alert')).toHaveText('Your device recognised nobody. Try again.');
  await phone.recognises(true);
  await dialog.getByRole('button', { name: 'Make it' }).click();
  const codes = theirs.getByRole('dialog', { name: 'Your recovery codes' });
  await expect(codes.getByRole('listitem')).toHaveCount(10);
  await codes.getByRole('button', { name: 'I have kept them' }).click();
  await expect(theirs.getByRole('button', { name: 'Remove My phone' })).toBeVisible();
  await theirs.screenshot({ path: `test-results/passkey-settings-${info.project.name}.png`, fullPage: true });
  expect(await phone.keys()).toHaveLength(1);

  await theirs.getByRole('button', { name: 'Sign out' }).click();
  await expect(theirs).toHaveURL('/sign-in');
  await theirs.screenshot({ path: `test-results/passkey-sign-in-${info.project.name}.png` });
  await phone.recognises(false);
  await theirs.getByRole('button', { name: 'Sign in with a passkey' }).click();
  await expect(theirs.locator('main').getByRole('alert')).toHaveText('Your device recognised nobody. Try again.');
  await phone.recognises(true);
  await theirs.getByRole('button', { name: 'Sign in with a passkey' }).click();
  await expect(theirs).toHaveURL('/chat');

  await theirs.goto('/settings');
  await theirs.getByRole('button', { name: 'Remove My phone' }).click();
  const asked = theirs.getByRole('form', { name: 'Second factor' });
  await expect(asked.getByText(/a grave decision/)).toBeVisible();
  await theirs.screenshot({ path: `test-results/passkey-step-up-${info.project.name}.png` });
  await asked.getByRole('button', { name: 'Use a passkey' }).click();
  await expect(theirs.getByText('The passkey opens nothing any more.')).toBeVisible();
  await expect(theirs.getByText('No passkeys yet.')).toBeVisible();
  await theirs.getByRole('button', { name: 'Sign out' }).click();
  await theirs.getByRole('button', { name: 'Sign in with a passkey' }).click();
  await expect(theirs.locator('main').getByRole('alert')).toBeVisible();
  await expect(theirs).toHaveURL('/sign-in');
  await context.close();
});
