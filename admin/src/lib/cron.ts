/** Days of the week, as the server names them, the week's first first. */
export const DAYS = ['MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT', 'SUN'] as const;
export type Day = (typeof DAYS)[number];

/** When something is said again and again, as people think of it. `cron` is whatever fits none of the others. */
export type Plan =
  | { kind: 'minutes'; every: number }
  | { kind: 'hourly'; every: number; minute: number }
  | { kind: 'daily'; time: string }
  | { kind: 'weekly'; days: readonly Day[]; time: string }
  | { kind: 'monthly'; day: number; time: string }
  | { kind: 'cron'; text: string };

/** `9:05` for the clock, as `09:05`. */
function timeOf(minute: string, hour: string): string | null {
  const [m, h] = [numberOf(minute, 0, 59), numberOf(hour, 0, 23)];
  return m === null || h === null ? null : `${String(h).padStart(2, '0')}:${String(m).padStart(2, '0')}`;
}

function numberOf(text: string, least: number, most: number): number | null {
  const value = /^\d{1,2}$/.test(text) ? Number(text) : Number.NaN;
  return value >= least && value <= most ? value : null;
}

/** `*` with `/15`: every so many, where that is the same all day. */
function stepOf(text: string, of: number): number | null {
  const step = text.startsWith('*/') ? numberOf(text.slice(2), 1, of) : null;
  return step !== null && of % step === 0 ? step : null;
}

/** A day by its name or its number, Sunday being 0 and 7: its place in the week. */
function dayOf(text: string): number | null {
  const named = DAYS.findIndex((day) => day === text);
  if (named >= 0) return named;
  const number = numberOf(text, 0, 7);
  return number === null ? null : (number + 6) % 7;
}

/** Days of the week: a list of days and of ranges. */
function daysOf(text: string): Day[] | null {
  const found = new Set<number>();
  for (const part of text.split(',')) {
    const [first, last, ...more] = part.split('-');
    const from = first === undefined ? null : dayOf(first);
    const to = last === undefined ? from : dayOf(last);
    if (from === null || to === null || more.length > 0) return null;
    for (let day = from; ; day = (day + 1) % DAYS.length) {
      found.add(day);
      if (day === to) break;
    }
  }
  return DAYS.filter((_, at) => found.has(at));
}

/** What a cron expression means, where it is of a usual form. */
export function planOf(text: string): Plan {
  const other: Plan = { kind: 'cron', text };
  const [minute, hour, date, month, week, ...more] = text.trim().toUpperCase().split(/\s+/);
  if (minute === undefined || hour === undefined || date === undefined || month !== '*' || week === undefined || more.length > 0) return other;
  if (date === '*' && week === '*') {
    const every = stepOf(minute, 60);
    if (every !== null && hour === '*') return { kind: 'minutes', every };
    const [at, hours] = [numberOf(minute, 0, 59), hour === '*' ? 1 : stepOf(hour, 24)];
    if (at !== null && hours !== null) return { kind: 'hourly', every: hours, minute: at };
  }
  const time = timeOf(minute, hour);
  if (time === null) return other;
  if (date === '*' && week === '*') return { kind: 'daily', time };
  const days = date === '*' ? daysOf(week) : null;
  if (days !== null) return days.length === DAYS.length ? { kind: 'daily', time } : { kind: 'weekly', days, time };
  const day = week === '*' ? numberOf(date, 1, 31) : null;
  return day === null ? other : { kind: 'monthly', day, time };
}

/** A plan as a cron expression; none where something of it is missing. */
export function cronOf(plan: Plan): string | null {
  switch (plan.kind) {
    case 'minutes':
      return `*/${plan.every} * * * *`;
    case 'hourly':
      return `${plan.minute} ${plan.every === 1 ? '*' : `*/${plan.every}`} * * *`;
    case 'cron':
      return plan.text.trim() === '' ? null : plan.text.trim();
    case 'daily':
    case 'weekly':
    case 'monthly': {
      const [hour, minute] = plan.time.split(':').map(Number);
      if (hour === undefined || minute === undefined || !Number.isInteger(hour) || !Number.isInteger(minute)) return null;
      const clock = `${minute} ${hour}`;
      if (plan.kind === 'daily') return `${clock} * * *`;
      if (plan.kind === 'monthly') return Number.isInteger(plan.day) && plan.day >= 1 && plan.day <= 31 ? `${clock} ${plan.day} * *` : null;
      return plan.days.length === 0 ? null : `${clock} * * ${DAYS.filter((day) => plan.days.includes(day)).join(',')}`;
    }
  }
}

/** The names of time zones that this browser knows, with one's own. */
export function zones(own: string): string[] {
  return [...new Set([own, 'UTC', ...Intl.supportedValuesOf('timeZone')])].sort();
}

/** The zone of whoever reads. */
export function ownZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}
