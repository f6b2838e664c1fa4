const SECONDS: Record<string, number> = {
  s: 1,
  sec: 1,
  secs: 1,
  second: 1,
  seconds: 1,
  m: 60,
  min: 60,
  mins: 60,
  minute: 60,
  minutes: 60,
  h: 3600,
  hr: 3600,
  hrs: 3600,
  hour: 3600,
  hours: 3600,
  day: 86400,
  days: 86400,
};

const MAX_MS = 7 * 86400 * 1000;

/** Milliseconds of "10 minutes" or "1 hour 30 minutes"; null when it is no duration of at most a week. */
export function parseDuration(text: string): number | null {
  const parts = [...text.toLowerCase().matchAll(/(\d+(?:\.\d+)?)\s*([a-z]+)/g)];
  const rest = text
    .toLowerCase()
    .replace(/(\d+(?:\.\d+)?)\s*([a-z]+)/g, '')
    .replace(/\band\b|,/g, '');
  if (parts.length === 0 || rest.trim() !== '') return null;
  let total = 0;
  for (const [, value, unit] of parts) {
    const seconds = SECONDS[unit!];
    if (seconds === undefined) return null;
    total += Number(value) * seconds * 1000;
  }
  return total > 0 && total <= MAX_MS ? total : null;
}

/** "9:05", or "1:00:00" from an hour on. Rounds up, so a timer shows 0:00 only when it is over. */
export function formatClock(ms: number): string {
  const total = Math.max(0, Math.ceil(ms / 1000));
  const [hours, minutes, seconds] = [
    Math.floor(total / 3600),
    Math.floor(total / 60) % 60,
    total % 60,
  ];
  const tail = `${pad(seconds)}`;
  return hours > 0 ? `${hours}:${pad(minutes)}:${tail}` : `${minutes}:${tail}`;
}

function pad(value: number): string {
  return String(value).padStart(2, '0');
}
