/** Rules of an installation are files in a folder: a test puts one there and takes it away again. */
import type { Page } from '@playwright/test';
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect } from './fixtures';
import { world } from './world';

/** Does something while another file of rules is in force. */
export async function withRule(name: string, text: string, page: Page, what: () => Promise<void>): Promise<void> {
  const { home, origin } = world();
  const shipped = readdirSync(home, { recursive: true, encoding: 'utf8' }).find((path) => path.endsWith('rules/20-write.cedar'));
  if (shipped === undefined) throw new Error(`there are no rules below ${home}`);
  const file = join(home, dirname(shipped), name);
  const inForce = async () => (await (await page.request.get(`${origin}/api/v1/policies`)).json()).rules.some((rule: { file: string }) => rule.file.endsWith(name));
  writeFileSync(file, text);
  try {
    await expect.poll(inForce, { timeout: 20_000 }).toBe(true);
    await what();
  } finally {
    rmSync(file);
    await expect.poll(inForce, { timeout: 20_000 }).toBe(false);
  }
}
