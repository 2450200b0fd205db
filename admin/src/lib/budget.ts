import { asciiDigits } from './digits';

interface Amounts {
  cap_micros: number;
  spent_micros: number;
  reserved_micros: number;
}

const PERCENT = 100;
/** From here on a budget is nearly spent. */
const NEARLY = 80;

/** Parts of a bar, in percent. Together they never leave it: what is over the limit fills it. */
export function shareOf({ cap_micros, spent_micros, reserved_micros }: Amounts): { spent: number; reserved: number } {
  if (cap_micros <= 0) return { spent: PERCENT, reserved: 0 };
  const spent = Math.min(PERCENT, Math.max(0, (spent_micros / cap_micros) * PERCENT));
  return { spent, reserved: Math.min(PERCENT - spent, Math.max(0, (reserved_micros / cap_micros) * PERCENT)) };
}

/** Whether there is room, little room, or none. What is set aside counts: it is not there for another run. */
export function stateOf(budget: Amounts): 'good' | 'wait' | 'bad' {
  const { spent, reserved } = shareOf(budget);
  if (spent >= PERCENT) return 'bad';
  return spent + reserved >= NEARLY ? 'wait' : 'good';
}

const MICROS_DIGITS = 6;
/** What is one and a half for one reader and fifteen hundred for another. */
const PERHAPS_THOUSANDS = /^[1-9]\d{0,2}[.,]\d{3}$/;

/** Dollars as somebody wrote them, in millionths; none if they are no amount, or could be a thousand times as much. */
export function microsOf(text: string): number | null {
  const written = asciiDigits(text.trim());
  const found = /^(\d+)(?:[.,](\d{0,6}))?$/.exec(written);
  if (found === null || PERHAPS_THOUSANDS.test(written)) return null;
  const micros = Number((found[1] ?? '') + (found[2] ?? '').padEnd(MICROS_DIGITS, '0'));
  return Number.isSafeInteger(micros) ? micros : null;
}

/** Millionths as dollars, for a field one can write in: never with three digits behind the point, which could be thousands. */
export function dollarsText(micros: number): string {
  const text = String(micros).padStart(MICROS_DIGITS + 1, '0');
  const part = text.slice(-MICROS_DIGITS).replace(/0{0,4}$/, '');
  return `${text.slice(0, -MICROS_DIGITS)}.${part}${part.length === 3 ? '0' : ''}`;
}
