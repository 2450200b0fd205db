import AxeBuilder from '@axe-core/playwright';
import type { BrowserContext, Page } from '@playwright/test';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { createTranslator, type Locale, type Messages } from 'use-intl/core';
import { chosen } from './pages';

const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** Both themes in both directions, and every language. */
export const LOOKS = [
  ['light', 'en'],
  ['dark', 'es'],
  ['light', 'ar'],
  ['dark', 'ar'],
  ['light', 'ne'],
] as const;
export type Theme = (typeof LOOKS)[number][0];
export type Language = (typeof LOOKS)[number][1];

/** Whether this one is meant: all are, unless `PAGES` chooses. */
export function isWanted(name: string): boolean {
  return Object.keys(chosen({ [name]: '' })).length > 0;
}

/** Has everything that this browser opens look so. */
export async function dress(context: BrowserContext, theme: Theme, language: Language): Promise<void> {
  await context.addInitScript(
    ([wanted, spoken]) => {
      localStorage.setItem('steward.theme', wanted);
      localStorage.setItem('steward.locale', spoken);
    },
    [theme, language] as const,
  );
}

/** What the pages say in a language, by the keys of their messages. */
export function wordsOf(language: Locale) {
  const files = readdirSync('messages', { recursive: true, encoding: 'utf8' }).filter((name) => basename(name) === `${language}.json`);
  const parts = files.map((name): object => JSON.parse(readFileSync(join('messages', name), 'utf8')));
  const messages: Messages = JSON.parse(JSON.stringify(Object.assign({}, ...parts)));
  return createTranslator({ locale: language, messages });
}

/** Looks at pages as everybody has to be able to read them, and keeps what is wrong with them. */
export class Looker {
  readonly faults: string[] = [];
  private readonly project: string;

  constructor(project: string) {
    this.project = project;
    mkdirSync('shots', { recursive: true });
  }

  async look(page: Page, theme: Theme, language: Language, name: string): Promise<void> {
    if (!isWanted(name)) return;
    const where = `${theme} ${language} ${name}`;
    await page.screenshot({ path: `shots/${this.project}-${theme}-${language}-${name}.png` });
    const found = await new AxeBuilder({ page }).withTags(RULES).analyze();
    for (const violation of found.violations) this.faults.push(`${where}: ${violation.id} ${violation.nodes.map((node) => node.html.slice(0, 160)).join(' | ')}`);
    const isWide = await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
    if (isWide) this.faults.push(`${where}: wider than the screen`);
    const looks = await page.evaluate(() => [getComputedStyle(document.documentElement).direction, document.documentElement.classList.contains('dark') ? 'dark' : 'light'].join(' '));
    if (looks !== `${language === 'ar' ? 'rtl' : 'ltr'} ${theme}`) this.faults.push(`${where}: looks ${looks}`);
  }
}
