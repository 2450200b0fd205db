import { defineConfig, devices } from '@playwright/test';

const browser = { executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-dev-shm-usage'] };
const desktop = { ...devices['Desktop Chrome'], channel: undefined, viewport: { width: 1280, height: 800 }, launchOptions: browser };
const phone = { ...devices['Pixel 7'], channel: undefined, viewport: { width: 390, height: 844 }, launchOptions: browser };

/** How many times longer everything may take: `PATIENCE=5` for a machine that has other work. */
const PATIENCE = Number(process.env['PATIENCE'] ?? 1);

/** The projects that a command names, as `--project=unit` or `--project unit desktop`; where it names none, all are meant. */
function projectsIn(command: readonly string[]): string[] {
  const found: string[] = [];
  let isNaming = false;
  for (const word of command) {
    const [option, name] = word.split('=', 2);
    if (word.startsWith('-')) isNaming = word === '--project';
    else if (isNaming) found.push(word);
    if (option === '--project' && name !== undefined) found.push(name);
  }
  return found;
}

/** The tests of logic alone take nothing that is started: no program, no database, no browser. */
const projects = projectsIn(process.argv);
const isLogicAlone = projects.length > 0 && projects.every((name) => name === 'unit');

export default defineConfig({
  testDir: 'e2e',
  outputDir: 'test-results/runs',
  globalSetup: isLogicAlone ? undefined : './e2e/setup.ts',
  timeout: 45_000 * PATIENCE,
  expect: { timeout: 10_000 * PATIENCE },
  workers: 1,
  fullyParallel: false,
  retries: 0,
  reporter: [['list']],
  // A worker that hands requests on would hide them from the tests; the one test of it lets it in.
  use: { trace: 'retain-on-failure', serviceWorkers: 'block' },
  projects: [
    // `@wide` is about wide screens, `@once` about what is the same on every screen.
    { name: 'unit', testMatch: /\.unit\.ts$/ },
    { name: 'desktop', testMatch: /\.spec\.ts$/, testIgnore: /(phone|look|screens|figures|lighthouse)\.spec\.ts$/, use: { ...desktop, colorScheme: 'light', locale: 'en-US' } },
    { name: 'phone', testMatch: /\.spec\.ts$/, testIgnore: /(look|screens|figures|lighthouse)\.spec\.ts$/, grepInvert: /@wide/, use: { ...phone, colorScheme: 'dark', locale: 'en-US' } },
    { name: 'look-desktop', testMatch: /look\.spec\.ts$/, use: desktop },
    { name: 'figures', testMatch: /figures\.spec\.ts$/, use: desktop },
    { name: 'lighthouse-phone', testMatch: /lighthouse\.spec\.ts$/, use: desktop },
    { name: 'lighthouse-desktop', testMatch: /lighthouse\.spec\.ts$/, use: desktop },
    { name: 'screens', testMatch: /screens\.spec\.ts$/, use: desktop },
    { name: 'look-phone', testMatch: /look\.spec\.ts$/, grepInvert: /@once/, use: phone },
  ],
});
