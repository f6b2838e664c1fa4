const DAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];
const MONTHS = [
  'january',
  'february',
  'march',
  'april',
  'may',
  'june',
  'july',
  'august',
  'september',
  'october',
  'november',
  'december',
];
/** The last moment that a Date can name, ms since 1970. */
export const MAX_TIME = 8.64e15;
const UNIT_MS: Record<string, number> = {
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
  week: 7 * 86_400_000,
};
/** Hours people mean by a part of the day. */
const PARTS: Record<string, number> = {
  morning: 9,
  noon: 12,
  lunch: 13,
  afternoon: 15,
  evening: 19,
  tonight: 20,
  night: 21,
  midnight: 24,
};

/**
 * The moment that "tomorrow at 5 pm" or "in 20 minutes" means, in milliseconds since 1970; null where the words are
 * too vague ("after work") or repeat ("every Monday").
 */
export function parseWhen(text: string, now: Date): number | null {
  const words = text.toLowerCase().trim();
  if (/\bevery\b/.test(words)) return null;
  const span = parseSpan(words, now);
  if (span !== null) return span <= MAX_TIME ? span : null;
  const day = parseDay(words, now);
  const hour = parseClock(words);
  if (!day && !hour) return null;
  return timeOf(day, hour ?? { hours: 9, minutes: 0, exact: true }, now);
}

/** Whether the words count from now on, so that no clock on the wall has to show their end. */
export function isSpan(text: string): boolean {
  return parseSpan(text.toLowerCase().trim(), new Date(0)) !== null;
}

interface Clock {
  hours: number;
  minutes: number;
  /** False for "5:30" without am or pm, which may mean either half of the day. */
  exact: boolean;
}

function parseSpan(words: string, now: Date): number | null {
  const half = /^in half an hour$/.test(words);
  if (half) return now.getTime() + UNIT_MS.hour! / 2;
  const match = /^in (an?|\d+) (minute|hour|day|week)s?$/.exec(words);
  if (!match) return null;
  const count = match[1]!.startsWith('a') ? 1 : Number(match[1]);
  return now.getTime() + count * UNIT_MS[match[2]!]!;
}

function parseDay(words: string, now: Date): Date | null {
  const offset = dayOffset(words, now);
  if (offset !== null) {
    return new Date(now.getFullYear(), now.getMonth(), now.getDate() + offset);
  }
  const match = new RegExp(`\\b(${MONTHS.join('|')}) (\\d{1,2})\\b`).exec(words);
  if (!match) return null;
  const date = new Date(now.getFullYear(), MONTHS.indexOf(match[1]!), Number(match[2]));
  if (date.getTime() + UNIT_MS.day! < now.getTime()) date.setFullYear(date.getFullYear() + 1);
  return date;
}

function dayOffset(words: string, now: Date): number | null {
  if (words.includes('day after tomorrow')) return 2;
  if (words.includes('tomorrow')) return 1;
  if (/\b(today|tonight|this (morning|afternoon|evening))\b/.test(words)) return 0;
  const named = DAYS.findIndex((day) => words.includes(day));
  if (named < 0) return null;
  return (named - now.getDay() + 7) % 7 || 7;
}

function parseClock(words: string): Clock | null {
  const match =
    /\bat (\d{1,2})(?::(\d{2}))?\s*(am|pm|o'clock)?/.exec(words) ??
    /\b(\d{1,2})(?::(\d{2}))?\s*(am|pm)\b/.exec(words);
  if (!match) return partOfDay(words);
  const [hours, minutes] = [Number(match[1]), Number(match[2] ?? 0)];
  if (hours > 24 || minutes > 59) return null;
  const half = match[3];
  if (half === 'am') return { hours: hours % 12, minutes, exact: true };
  if (half === 'pm') return { hours: (hours % 12) + 12, minutes, exact: true };
  return { hours, minutes, exact: hours > 12 || hours === 0 };
}

function partOfDay(words: string): Clock | null {
  const part = Object.keys(PARTS).find((name) => new RegExp(`\\b${name}\\b`).test(words));
  return part ? { hours: PARTS[part]!, minutes: 0, exact: true } : null;
}

/** The first such time of day on that day, or from now on when no day was named. */
function timeOf(day: Date | null, clock: Clock, now: Date): number {
  const base = day ?? new Date(now.getFullYear(), now.getMonth(), now.getDate());
  const at = (addHours: number) => {
    const date = new Date(base);
    date.setHours(clock.hours + addHours, clock.minutes, 0, 0);
    return date.getTime();
  };
  const choices = clock.exact ? [at(0), at(24)] : [at(0), at(12), at(24)];
  // A day without am or pm: nobody means 5 in the night.
  if (day) return !clock.exact && clock.hours < 7 ? at(12) : at(0);
  return choices.find((time) => time > now.getTime()) ?? at(24);
}
