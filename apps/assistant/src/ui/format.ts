/** "1.2 MB", decimal units. */
export function bytes(value: number): string {
  if (value < 1e6) return `${Math.max(1, Math.round(value / 1e3))} kB`;
  if (value < 1e9) return `${(value / 1e6).toFixed(1)} MB`;
  return `${(value / 1e9).toFixed(2)} GB`;
}

/** "2.6 million", "1.2 billion". */
export function count(value: number): string {
  if (value < 1e6) return value.toLocaleString('en-US');
  if (value < 1e9) return `${(value / 1e6).toFixed(1)} million`;
  return `${(value / 1e9).toFixed(1)} billion`;
}

/** "Tomorrow, 17:00", "Fri, 21 Nov, 09:00". */
export function moment(at: number, now: Date = new Date()): string {
  const date = new Date(at);
  const time = date.toLocaleTimeString([], { hour: 'numeric', minute: '2-digit' });
  const days = Math.round((startOfDay(date) - startOfDay(now)) / 86_400_000);
  if (days === 0) return `Today, ${time}`;
  if (days === 1) return `Tomorrow, ${time}`;
  const day = date.toLocaleDateString([], { weekday: 'short', day: 'numeric', month: 'short' });
  return `${day}, ${time}`;
}

/** "shopping" becomes "Shopping". */
export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function startOfDay(date: Date): number {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
}
