import type { Random } from '../random.js';

const SMALL = [
  'zero',
  'one',
  'two',
  'three',
  'four',
  'five',
  'six',
  'seven',
  'eight',
  'nine',
  'ten',
  'eleven',
  'twelve',
  'thirteen',
  'fourteen',
  'fifteen',
  'sixteen',
  'seventeen',
  'eighteen',
  'nineteen',
];
const TENS = ['', '', 'twenty', 'thirty', 'forty', 'fifty', 'sixty', 'seventy', 'eighty', 'ninety'];

/** English words for 0 to 99. */
export function numberWord(value: number): string {
  const small = SMALL[value];
  if (small !== undefined) return small;
  const unit = value % 10;
  const tens = TENS[Math.floor(value / 10)] ?? '';
  return unit === 0 ? tens : `${tens} ${SMALL[unit]}`;
}

/** A number as people meet it: mostly small, often round. */
export function everydayNumber(random: Random, high: number): number {
  const roll = random.next();
  if (roll < 0.45) return random.int(2, Math.min(20, high));
  if (roll < 0.7) return 5 * random.int(1, Math.max(1, Math.floor(Math.min(100, high) / 5)));
  return random.int(2, high);
}
