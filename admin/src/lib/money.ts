import type { Schemas } from '@/lib/api/client';
import { digitsOf } from './currency';
import { asciiDigits } from './digits';

type Amount = Schemas['Amount'];

/** `1250` cents as `12.50`, for a field one can write in. */
export function majorText({ minor, currency }: Amount): string {
  const digits = digitsOf(currency);
  const text = String(Math.abs(minor)).padStart(digits + 1, '0');
  const sign = minor < 0 ? '-' : '';
  return digits === 0 ? sign + text : `${sign}${text.slice(0, -digits)}.${text.slice(-digits)}`;
}

/** What somebody wrote as an amount, in the minor unit; none if it is no amount, too long behind the point, or more than can be counted exactly. */
export function minorOf(text: string, currency: string): number | null {
  const digits = digitsOf(currency);
  const found = /^(\d+)(?:[.,](\d*))?$/.exec(asciiDigits(text.trim()));
  if (found === null) return null;
  const [whole = '', part = ''] = [found[1], found[2]];
  if (part.length > digits) return null;
  const minor = Number(whole + part.padEnd(digits, '0'));
  return Number.isSafeInteger(minor) ? minor : null;
}
