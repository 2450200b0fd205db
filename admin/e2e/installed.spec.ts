import { expect, test } from './fixtures';

test.use({ serviceWorkers: 'allow' });

test('can be installed, and says so in the reader’s language when there is no network', async ({ page, context }) => {
  const manifest = await page.request.get('/manifest.webmanifest');
  expect(manifest.headers()['content-type']).toContain('application/manifest+json');
  const said = await manifest.json();
  expect([said.start_url, said.display]).toEqual(['/', 'standalone']);
  for (const icon of said.icons) expect((await page.request.get(icon.src)).status(), icon.src).toBe(200);
  await page.goto('/settings');
  await page.evaluate(async () => {
    await navigator.serviceWorker.ready;
  });
  await page.getByLabel('Language').selectOption('es');
  await page.reload();
  await expect(page.getByRole('heading', { level: 1, name: 'Ajustes' })).toBeVisible();
  await context.setOffline(true);
  await page.goto('/contacts');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Sin conexión');
  await expect(page.locator('html')).toHaveAttribute('lang', 'es');
  const again = page.waitForEvent('load');
  await page.getByRole('button', { name: 'Reintentar' }).click();
  await again;
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Sin conexión');
  // It comes back by itself once the network does.
  await context.setOffline(false);
  await expect(page.getByRole('heading', { level: 1, name: 'Contactos' })).toBeVisible({ timeout: 25_000 });
  const kept = await page.evaluate(async () => {
    const names = await caches.keys();
    const all = await Promise.all(names.map(async (name) => (await (await caches.open(name)).keys()).map((request) => new URL(request.url).pathname)));
    return all.flat().sort();
  });
  expect(kept, 'nothing of the organisation is kept').toEqual(['/icon.svg', '/offline.css', '/offline.html', '/offline.js']);
});

test('its policy lets in no worker and no page of others', async ({ page }) => {
  const offline = await page.request.get('/offline.html');
  const policy = offline.headers()['content-security-policy'] ?? '';
  expect(policy).toContain("default-src 'none'");
  expect(policy).not.toContain('unsafe');
});
