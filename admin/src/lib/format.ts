'use client';

import { useFormatter, useLocale } from 'use-intl';
import { digitsOf } from './currency';
import * as nepali from './nepali';

const MICROS = 1_000_000;
const MINUTE_MS = 60_000;
const KILO = 1_000;
const KIBI = 1_024;
const MILLION = 1_000_000;

/** Numbers, money and times as the reader's language writes them. */
export function useFormats() {
  const format = useFormatter();
  const isNepali = nepali.lacksNepali(useLocale());
  const clock = (iso: string | number, timeZoneName?: 'short') => format.dateTime(new Date(iso), { hour: 'numeric', minute: '2-digit', second: '2-digit', timeZoneName });
  const day = (iso: string | number) => (isNepali ? nepali.day(new Date(iso)) : format.dateTime(new Date(iso), { dateStyle: 'medium' }));
  return {
    number: (value: number) => format.number(value),
    /** Model cost: small amounts keep the digits that say something. */
    usd: (micros: number) =>
      format.number(micros / MICROS, { style: 'currency', currency: 'USD', maximumFractionDigits: micros !== 0 && Math.abs(micros) < MICROS ? 4 : 2 }),
    /** An amount of dollars to its last digit. */
    usdExact: (micros: number) => format.number(micros / MICROS, { style: 'currency', currency: 'USD', maximumFractionDigits: 6 }),
    /** An amount in its currency. */
    money: ({ minor, currency }: { minor: number; currency: string }) => format.number(minor / 10 ** digitsOf(currency), { style: 'currency', currency }),
    exact: (iso: string | number) => (isNepali ? `${day(iso)}, ${clock(iso, 'short')}` : format.dateTime(new Date(iso), { dateStyle: 'medium', timeStyle: 'long' })),
    day,
    /** A day that the server counts in UTC, as `2026-03-01`: the same day wherever it is read. */
    utcDay: (text: string) => day(`${text}T12:00:00`),
    clock: (iso: string | number) => clock(iso),
    /** A time on a clock on the wall, `09:05`, wherever that hangs. */
    wall: (time: string) => format.dateTime(new Date(`2026-01-01T${time}:00Z`), { hour: 'numeric', minute: '2-digit', timeZone: 'UTC' }),
    relative: (iso: string | number, now: number) => (isNepali ? nepali.relative(new Date(iso).getTime(), now) : format.relativeTime(new Date(iso), now)),
    ms: (ms: number) => {
      if (isNepali) return nepali.span(ms);
      if (ms < 1_000) return format.number(ms, { style: 'unit', unit: 'millisecond' });
      if (ms < 2 * MINUTE_MS) return format.number(ms / 1_000, { style: 'unit', unit: 'second', maximumFractionDigits: 1 });
      return format.number(ms / MINUTE_MS, { style: 'unit', unit: 'minute', maximumFractionDigits: 1 });
    },
    /** A number that is a bound and not a count: from a million on in words, `50 billion`. */
    large: (value: number) => {
      if (value < MILLION) return format.number(value);
      if (isNepali) return nepali.large(value);
      return format.number(value, { notation: 'compact', compactDisplay: 'long', maximumFractionDigits: 3 });
    },
    /** What a sandbox may take or took, in the units in which its bounds are written. */
    binary: (bytes: number) => {
      if (bytes < KIBI) return format.number(bytes, { style: 'unit', unit: 'byte', unitDisplay: 'long' });
      if (bytes < KIBI * KIBI) return `${format.number(bytes / KIBI, { maximumFractionDigits: 0 })} KiB`;
      return `${format.number(bytes / KIBI / KIBI, { maximumFractionDigits: 1 })} MiB`;
    },
    /** The size of a file. */
    bytes: (bytes: number) => {
      if (bytes < KILO) return format.number(bytes, { style: 'unit', unit: 'byte', unitDisplay: 'long' });
      if (bytes < KILO * KILO) return format.number(bytes / KILO, { style: 'unit', unit: 'kilobyte', maximumFractionDigits: 0 });
      return format.number(bytes / KILO / KILO, { style: 'unit', unit: 'megabyte', maximumFractionDigits: 1 });
    },
    list: (items: string[], type: 'conjunction' | 'disjunction' = 'conjunction') => (isNepali ? nepali.list(items, type) : format.list(items, { type })),
  };
}
