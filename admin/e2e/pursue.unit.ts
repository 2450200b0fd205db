import { expect, test } from '@playwright/test';
import { readFileSync } from 'node:fs';
import { LOCALES } from '../src/lib/locales';
import { pursue, type Surroundings } from '../src/lib/pursue';
import { WORDS_LOST } from '../src/lib/words-lost';

/** A clock and a network that the test moves: what waits, for how long, and who hears that the network is back. */
function surroundings() {
  const waiting = new Map<() => void, number>();
  const listening = new Set<() => void>();
  const around: Surroundings = {
    later: (waitMs, act) => {
      waiting.set(act, waitMs);
      return () => waiting.delete(act);
    },
    whenOnline: (act) => {
      listening.add(act);
      return () => listening.delete(act);
    },
  };
  const waits = () => [...waiting.values()];
  /** All that waits has waited long enough. */
  const pass = () => {
    const acts = [...waiting.keys()];
    waiting.clear();
    for (const act of acts) act();
  };
  const online = () => {
    for (const act of listening) act();
  };
  return { around, waits, pass, online, listening };
}

/** Something to ask for, whose answers the test gives. */
function source() {
  const asked: { resolve: (value: string) => void; reject: (cause: Error) => void }[] = [];
  const load = () => new Promise<string>((resolve, reject) => asked.push({ resolve, reject }));
  return { asked, load };
}

/** What was answered is told before the next turn. */
const turn = () => new Promise<void>((done) => setImmediate(done));

test('what is lost is asked for again, each time after a longer wait, until it is there', async () => {
  const { around, waits, pass, listening } = surroundings();
  const { asked, load } = source();
  const told: string[] = [];
  const waited: number[] = [];
  pursue(load, (value) => told.push(value), (cause) => told.push(String(cause)), around);
  for (let nth = 0; nth < 8; nth += 1) {
    asked[nth]?.reject(new Error(`lost ${nth}`));
    await turn();
    expect(told.at(-1)).toBe(`Error: lost ${nth}`);
    expect(waits()).toHaveLength(1);
    waited.push(...waits());
    pass();
  }
  expect(waited).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
  asked.at(-1)?.resolve('words');
  await turn();
  expect(told.at(-1)).toBe('words');
  // Then nothing waits and nobody listens.
  expect([asked.length, waits().length, listening.size]).toEqual([9, 0, 0]);
});

test('it is asked for at once when the network is back or somebody presses, and never twice at a time', async () => {
  const { around, waits, online } = surroundings();
  const { asked, load } = source();
  const pursuit = pursue(load, () => undefined, () => undefined, around);
  online();
  pursuit.again();
  expect(asked).toHaveLength(1);
  asked[0]?.reject(new Error('lost'));
  await turn();
  online();
  expect(asked).toHaveLength(2);
  expect(waits()).toEqual([]);
  asked[1]?.reject(new Error('lost'));
  await turn();
  pursuit.again();
  expect(asked).toHaveLength(3);
  expect(waits()).toEqual([]);
});

test('what is no longer wanted is neither told nor asked for', async () => {
  const { around, waits, online, listening } = surroundings();
  const { asked, load } = source();
  const told: string[] = [];
  const tell = (value: unknown) => told.push(String(value));
  const late = pursue(load, tell, tell, around);
  late.end();
  asked[0]?.resolve('words');
  const lost = pursue(load, tell, tell, around);
  lost.end();
  asked[1]?.reject(new Error('lost'));
  await turn();
  online();
  lost.again();
  expect([told, asked.length, waits(), listening.size]).toEqual([[], 2, [], 0]);
});

test('what a page without words says is what the messages say, in every language', () => {
  for (const locale of Object.keys(LOCALES)) {
    const { common } = JSON.parse(readFileSync(`messages/${locale}.json`, 'utf8'));
    expect(Object.entries(WORDS_LOST).find(([name]) => name === locale)?.[1], locale).toEqual({ said: common.unreachable, retry: common.retry });
  }
});
