/** By how much pages move while they load, where answers come as awkwardly as they can. */
import type { BrowserContext, Page } from '@playwright/test';
import { settled } from './pages';

/** Which answer comes next when several are there. */
export type Order = 'first' | 'last';

/** What moved on a page: the sum of its layout shifts, and each with the elements that it moved. */
export interface Moves {
  sum: number;
  shifts: string[];
}

/** Has a browser add up what moves on its pages. Answers of the interface come one at a time, and each is painted before the next: on a slow network they do. */
export async function watchMoves(context: BrowserContext, order: Order): Promise<void> {
  await context.addInitScript((wanted) => {
    const moves: { sum: number; shifts: string[] } = { sum: 0, shifts: [] };
    /** Requests without an answer, and answers that wait for their turn. */
    let asked = 0;
    let isTurning = false;
    const turns: (() => void)[] = [];
    Object.assign(window, { moves, isQuiet: () => asked === 0 && turns.length === 0 && !isTurning });

    const named = (node: unknown) => (node instanceof Element ? `${node.tagName.toLowerCase()} “${(node.textContent ?? '').trim().slice(0, 40)}” .${(node.getAttribute('class') ?? '').slice(0, 60)}` : node instanceof Text ? `“${node.data.slice(0, 40)}”` : 'gone');
    const at = (rect: unknown) => (rect instanceof DOMRectReadOnly ? `${rect.x},${rect.y} ${rect.width}×${rect.height}` : '');
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) {
        if (!('value' in entry && 'hadRecentInput' in entry && 'sources' in entry) || entry.hadRecentInput !== false) continue;
        moves.sum += Number(entry.value);
        const sources: { node?: unknown; previousRect?: unknown; currentRect?: unknown }[] = Array.isArray(entry.sources) ? entry.sources : [];
        moves.shifts.push(`${Number(entry.value).toFixed(4)}: ${sources.map((source) => `${named(source.node)} from ${at(source.previousRect)} to ${at(source.currentRect)}`).join('; ')}`);
      }
    }).observe({ type: 'layout-shift', buffered: true });

    const painted = () => new Promise<void>((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done))));
    const turn = async () => {
      isTurning = true;
      while (turns.length > 0) {
        await painted();
        // Only when all are there it is known which is the last.
        if (asked === 0) (wanted === 'first' ? turns.shift() : turns.pop())?.();
        if (turns.length === 0) await painted();
      }
      isTurning = false;
    };
    const real = window.fetch;
    window.fetch = async (input, init) => {
      const { pathname } = new URL(input instanceof Request ? input.url : String(input), window.location.href);
      if (!pathname.startsWith('/api/') && !pathname.startsWith('/v1/')) return real(input, init);
      asked += 1;
      const response = await real(input, init).finally(() => {
        asked -= 1;
      });
      await new Promise<void>((done) => {
        turns.push(done);
        if (!isTurning) void turn();
      });
      return response;
    };
  }, order);
}

/** What moves on a page until it has all it shows. */
export async function movesOf(page: Page, path: string): Promise<Moves> {
  // As on a first visit: fonts and scripts come late too.
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('Network.enable');
  await devtools.send('Network.setCacheDisabled', { cacheDisabled: true });
  await page.goto(path);
  await settled(page);
  // Looked for twice, since an answer may lead to another question.
  for (let looked = 0; looked < 2; looked += 1) {
    await page.waitForFunction(() => 'isQuiet' in window && typeof window.isQuiet === 'function' && window.isQuiet() === true);
    await page.evaluate(() => new Promise<void>((done) => requestIdleCallback(() => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done))))));
  }
  const { sum, shifts }: Moves = await page.evaluate(() => Object.assign({ moves: { sum: Number.NaN, shifts: [] } }, window).moves);
  return { sum, shifts };
}
