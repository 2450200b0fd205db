/**
 * Nepali where the browser has none: Chromium counts in it, but knows none of its words for time, lists and months, and says them in English.
 * Digits stay as the browser writes them, so that a page has one kind.
 */
const UNITS = [
  { name: 'वर्ष', ms: 365 * 86_400_000 },
  { name: 'महिना', ms: 30 * 86_400_000 },
  { name: 'हप्ता', ms: 7 * 86_400_000 },
  { name: 'दिन', ms: 86_400_000 },
  { name: 'घण्टा', ms: 3_600_000 },
  { name: 'मिनेट', ms: 60_000 },
  { name: 'सेकेन्ड', ms: 1_000 },
] as const;
const MONTHS = ['जनवरी', 'फेब्रुअरी', 'मार्च', 'अप्रिल', 'मे', 'जुन', 'जुलाई', 'अगस्ट', 'सेप्टेम्बर', 'अक्टोबर', 'नोभेम्बर', 'डिसेम्बर'];

/** Whether the words have to come from here. */
export function lacksNepali(locale: string): boolean {
  return locale === 'ne' && Intl.RelativeTimeFormat.supportedLocalesOf('ne').length === 0;
}

/** “३ मिनेट अघि”: how long ago, or in how long. */
export function relative(at: number, now: number): string {
  const apart = Math.abs(at - now);
  const unit = UNITS.find((one) => apart >= one.ms);
  if (unit === undefined) return 'अहिले';
  const count = Math.round(apart / unit.ms);
  return at < now ? `${count} ${unit.name} अघि` : `${count} ${unit.name}मा`;
}

export function list(items: readonly string[], type: 'conjunction' | 'disjunction'): string {
  const last = items.at(-1) ?? '';
  return items.length < 2 ? last : `${items.slice(0, -1).join(', ')} ${type === 'conjunction' ? 'र' : 'वा'} ${last}`;
}

export function day(at: Date): string {
  return `${at.getFullYear()} ${MONTHS[at.getMonth()] ?? ''} ${at.getDate()}`;
}

/** A span of time, whole or with one digit behind the point. */
export function span(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} मिलिसेकेन्ड`;
  const unit = ms < 2 * 60_000 ? { name: 'सेकेन्ड', ms: 1_000 } : { name: 'मिनेट', ms: 60_000 };
  return `${Math.round((ms / unit.ms) * 10) / 10} ${unit.name}`;
}

const LARGE = [
  { name: 'अर्ब', value: 1_000_000_000 },
  { name: 'करोड', value: 10_000_000 },
  { name: 'लाख', value: 100_000 },
] as const;

/** A large number by its words, with three digits behind the point at most: `५० अर्ब`. */
export function large(value: number): string {
  const unit = LARGE.find((one) => value >= one.value);
  return unit === undefined ? String(value) : `${Math.round((value / unit.value) * 1_000) / 1_000} ${unit.name}`;
}
