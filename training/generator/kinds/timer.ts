import { lines, phrase } from '../phrase.js';
import type { Random } from '../random.js';
import type { Draft } from '../surface.js';
import { everydayNumber, numberWord } from './numbers.js';

/** How the request says a duration, and the canonical form of it. */
interface Duration {
  said: string;
  canonical: string;
}

interface Unit {
  name: string;
  short: readonly string[];
  high: number;
}

const SECOND: Unit = { name: 'second', short: ['sec', 'secs'], high: 90 };
const MINUTE: Unit = { name: 'minute', short: ['min', 'mins'], high: 120 };
const HOUR: Unit = { name: 'hour', short: ['hr', 'hrs'], high: 24 };

const FIXED: readonly Duration[] = [
  { said: 'half an hour', canonical: '30 minutes' },
  { said: 'an hour', canonical: '1 hour' },
  { said: 'a minute', canonical: '1 minute' },
  { said: 'an hour and a half', canonical: '1 hour 30 minutes' },
  { said: 'a quarter of an hour', canonical: '15 minutes' },
  { said: 'a minute and a half', canonical: '1 minute 30 seconds' },
  { said: 'half a minute', canonical: '30 seconds' },
];

function counted(value: number, unit: string): string {
  return `${value} ${unit}${value === 1 ? '' : 's'}`;
}

function drawUnit(random: Random): Unit {
  return random.weighted([
    [SECOND, 2],
    [MINUTE, 6],
    [HOUR, 2],
  ]);
}

function simple(random: Random): Duration {
  const unit = drawUnit(random);
  const value = random.chance(0.05) ? 1 : everydayNumber(random, unit.high);
  const canonical = counted(value, unit.name);
  const roll = random.next();
  if (roll < 0.65) return { said: canonical, canonical };
  if (roll < 0.8) return { said: `${value} ${random.pick(unit.short)}`, canonical };
  if (value > 99) return { said: canonical, canonical };
  return { said: canonical.replace(String(value), numberWord(value)), canonical };
}

function compound(random: Random): Duration {
  const [big, small] = random.chance(0.6) ? [HOUR, MINUTE] : [MINUTE, SECOND];
  const first = counted(random.int(1, big.name === 'hour' ? 5 : 30), big.name);
  const second = counted(5 * random.int(1, 11), small.name);
  const joint = random.pick([' and ', ' ', ' and ']);
  return { said: `${first}${joint}${second}`, canonical: `${first} ${second}` };
}

function drawDuration(random: Random): Duration {
  return random.weighted([
    [simple, 76],
    [compound, 14],
    [(inner: Random) => inner.pick(FIXED), 10],
  ])(random);
}

const ORDERS = lines(`
  set a timer for {duration}
  set timer for {duration}
  start a timer for {duration}
  start a {duration} timer
  set a {duration} timer
  start the timer for {duration}
  make a timer for {duration}
  put a timer on for {duration}
  run a timer for {duration}
  create a {duration} timer
  create a timer for {duration}
  give me a timer for {duration}
  give me a {duration} timer
  set the timer to {duration}
  set my timer to {duration}
  count down {duration}
  count down from {duration}
  start a countdown of {duration}
  start counting down {duration}
  start a {duration} countdown
  set a countdown for {duration}
  time {duration}
  time {duration} for me
  set a {use} timer for {duration}
  start a {use} timer for {duration}
  start a timer for {use}, {duration}
  set a timer of {duration} for {thing}
  set a timer for {duration} for {thing}
  set another timer for {duration}
  set a new timer, {duration}
  begin a {duration} timer
  let me know when {duration} have passed
  tell me when {duration} is up
  ring in {duration}
  beep in {duration}
  wake me in {duration}
`);

const STATEMENTS = lines(`
  timer {duration}
  timer for {duration}
  {duration} timer
  timer, {duration}
  {duration} on the clock
  i need a timer for {duration}
  i need a {duration} timer
  i'd like a timer for {duration}
  i want a {duration} timer
  new timer {duration}
  countdown {duration}
  {thing} need {duration}, set a timer
  {thing} takes {duration}, start a timer
`);

const USES = lines(`
  cooking
  tea
  egg
  pizza
  laundry
  study
  workout
  nap
  break
  baking
  reading
  rice
  bread
  meeting
  plank
  yoga
  pomodoro
  focus
  kitchen
`);

const THINGS = lines(`
  the pasta
  the eggs
  the rice
  the oven
  the laundry
  my tea
  the cake
  the cookies
  my nap
  the pizza
  the soup
  the potatoes
  the bread
  the chicken
  the parking meter
  my break
`);

/** "a 10 minutes timer" becomes "a 10 minute timer" or "a 10-minute timer", most of the time. */
function adjective(random: Random, prompt: string): string {
  const joint = random.weighted([
    ['$1 $2 $3', 60],
    ['$1-$2 $3', 25],
    ['$1 $2s $3', 15],
  ]);
  return prompt.replace(/(\d+) (second|minute|hour)s (timer|countdown)/, joint);
}

export function drawTimer(random: Random): Draft {
  const { said, canonical } = drawDuration(random);
  const values = { duration: said, use: random.pick(USES), thing: random.pick(THINGS) };
  const prompt = adjective(random, phrase(random, ORDERS, STATEMENTS, values));
  return { prompt, action: { action: 'timer', duration: canonical } };
}
