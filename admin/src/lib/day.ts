/**
 * The moment at which a day begins where the reader is, for a day as a date field writes it, `2026-11-30`; with `later`, so many days after it.
 * What is no such day stays what it is: the server says what it takes.
 */
export function dayBegins(day: string, later = 0): string {
  const [year, month, date] = (/^(\d{4})-(\d\d)-(\d\d)$/.exec(day) ?? []).slice(1).map(Number);
  if (year === undefined || month === undefined || date === undefined) return day;
  const at = new Date(2000, 0, 1);
  // A year of two digits is not of the last century: half of one is there while it is typed.
  at.setFullYear(year, month - 1, date + later);
  at.setHours(0, 0, 0, 0);
  return at.toISOString();
}
