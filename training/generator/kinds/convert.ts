import { lines, phrase } from '../phrase.js';
import type { Random } from '../random.js';
import type { Draft } from '../surface.js';
import { everydayNumber } from './numbers.js';

/** Units by what they measure; the key is the canonical name, the values are other ways to say it. */
export const UNITS: readonly Readonly<Record<string, readonly string[]>>[] = [
  {
    km: ['kilometers', 'kilometres'],
    miles: ['mi'],
    meters: ['metres', 'm'],
    feet: ['ft'],
    inches: ['inch'],
    cm: ['centimeters', 'centimetres'],
    mm: ['millimeters'],
    yards: ['yd'],
  },
  { kg: ['kilograms', 'kilos'], pounds: ['lbs'], grams: ['g'], ounces: ['oz'], stone: [] },
  {
    liters: ['litres', 'l'],
    gallons: ['gal'],
    ml: ['milliliters'],
    cups: [],
    pints: [],
    tablespoons: ['tbsp'],
    teaspoons: ['tsp'],
  },
  { celsius: ['degrees celsius', 'c'], fahrenheit: ['degrees fahrenheit', 'f'], kelvin: [] },
  { 'km/h': ['kph', 'kilometers per hour'], mph: ['miles per hour'], knots: [] },
  { seconds: [], minutes: [], hours: [], days: [], weeks: [] },
  { bytes: [], kb: ['kilobytes'], mb: ['megabytes'], gb: ['gigabytes'] },
  { acres: [], hectares: [], 'square meters': ['square metres'], 'square feet': [] },
];

const ORDERS = lines(`
  convert {value} {from} to {to}
  convert {value} {from} into {to}
  convert {value} {from} in {to}
  change {value} {from} to {to}
  turn {value} {from} into {to}
  tell me {value} {from} in {to}
  give me {value} {from} in {to}
  show me {value} {from} in {to}
  express {value} {from} in {to}
  write {value} {from} as {to}
  tell me how many {to} are in {value} {from}
  tell me how many {to} {value} {from} is
  work out {value} {from} in {to}
`);

const QUESTIONS = lines(`
  how many {to} is {value} {from}
  how many {to} are in {value} {from}
  how many {to} are {value} {from}
  how many {to} in {value} {from}
  how many {to} make {value} {from}
  how much is {value} {from} in {to}
  what is {value} {from} in {to}
  what's {value} {from} in {to}
  whats {value} {from} in {to}
  what is {value} {from} converted to {to}
  {value} {from} is how many {to}
  what would {value} {from} be in {to}
`);

const STATEMENTS = lines(`
  {value} {from} in {to}
  {value} {from} to {to}
  {value} {from} into {to}
  {value} {from} as {to}
  i need {value} {from} in {to}
  i want to know {value} {from} in {to}
`);

interface Unit {
  canonical: string;
  said: string;
}

function say(random: Random, canonical: string, others: readonly string[]): Unit {
  const said = others.length > 0 && random.chance(0.35) ? random.pick(others) : canonical;
  return { canonical, said };
}

function drawUnits(random: Random): [Unit, Unit] {
  const group = Object.entries(random.pick(UNITS));
  const [from, fromOthers] = random.pick(group);
  const [to, toOthers] = random.pick(group.filter(([name]) => name !== from));
  return [say(random, from, fromOthers), say(random, to, toOthers)];
}

function drawValue(random: Random): string {
  const roll = random.next();
  if (roll < 0.15) return `${random.int(0, 99)}.${random.int(1, 9)}`;
  if (roll < 0.25) return String(random.int(1000, 9999));
  return String(everydayNumber(random, 999));
}

export function drawConvert(random: Random): Draft {
  const [from, to] = drawUnits(random);
  const value = drawValue(random);
  const values = { value, from: from.said, to: to.said };
  const question = random.chance(0.45);
  const prompt = question
    ? phrase(random, [], QUESTIONS, values)
    : phrase(random, ORDERS, STATEMENTS, values);
  const action = { action: 'convert', value, from: from.canonical, to: to.canonical } as const;
  return { prompt, action, question };
}
