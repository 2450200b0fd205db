import { expect, test } from '@playwright/test';
import { dayBegins } from '../src/lib/day';

/** The zone of this process, back as it was after the test. */
const zone = process.env['TZ'];
test.afterEach(() => {
  if (zone === undefined) delete process.env['TZ'];
  else process.env['TZ'] = zone;
});

test('a day is the one of whoever reads, from its first moment to that of the next', () => {
  for (const [where, day, from, to] of [
    ['Asia/Kathmandu', '2026-11-30', '2026-11-29T18:15:00.000Z', '2026-11-30T18:15:00.000Z'],
    ['America/Los_Angeles', '2026-11-30', '2026-11-30T08:00:00.000Z', '2026-12-01T08:00:00.000Z'],
    // Of 23 hours, since the clock is put forward in it.
    ['Europe/Berlin', '2026-03-29', '2026-03-28T23:00:00.000Z', '2026-03-29T22:00:00.000Z'],
    ['UTC', '2026-12-31', '2026-12-31T00:00:00.000Z', '2027-01-01T00:00:00.000Z'],
    ['UTC', '0002-01-01', '0002-01-01T00:00:00.000Z', '0002-01-02T00:00:00.000Z'],
  ] as const) {
    process.env['TZ'] = where;
    expect([dayBegins(day), dayBegins(day, 1)], `${day} in ${where}`).toEqual([from, to]);
  }
});

test('what is no day is left to the server', () => {
  for (const text of ['', 'yesterday', '2026-11-30T00:00:00Z', '30.11.2026']) expect([dayBegins(text), dayBegins(text, 1)]).toEqual([text, text]);
});
