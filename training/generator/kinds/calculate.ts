import { lines, phrase } from '../phrase.js';
import type { Random } from '../random.js';
import type { Draft } from '../surface.js';
import { everydayNumber } from './numbers.js';

const OPERATORS = [
  { symbol: '+', said: [' plus ', ' + ', '+', ' and '] },
  { symbol: '-', said: [' minus ', ' - ', '-', ' take away '] },
  { symbol: '*', said: [' times ', ' * ', '*', ' x ', 'x', ' multiplied by '] },
  { symbol: '/', said: [' divided by ', ' / ', '/', ' over '] },
] as const;

/** A sum as the request says it, and the expression of it with spaces around every operator. */
interface Sum {
  said: string;
  expression: string;
}

function drawNumber(random: Random): string {
  const roll = random.next();
  if (roll < 0.08) return `${random.int(0, 60)}.${random.int(1, 9)}`;
  if (roll < 0.14) return String(random.int(1000, 9999));
  return String(everydayNumber(random, 999));
}

function chain(random: Random): Sum {
  const terms = random.chance(0.8) ? 2 : 3;
  const first = drawNumber(random);
  const sum = { said: first, expression: first };
  for (let i = 1; i < terms; i++) {
    const operator = random.pick(OPERATORS);
    // "12 and 7" is a sum only behind words such as "add"; see `added`.
    const ways = operator.said.filter((way) => way !== ' and ');
    const term = drawNumber(random);
    sum.said += random.pick(ways) + term;
    sum.expression += ` ${operator.symbol} ${term}`;
  }
  return sum;
}

function percentage(random: Random): Sum {
  const percent = String(random.chance(0.7) ? 5 * random.int(1, 19) : random.int(1, 99));
  const whole = drawNumber(random);
  const sign = random.pick(['%', ' percent']);
  return { said: `${percent}${sign} of ${whole}`, expression: `${whole} * ${percent} / 100` };
}

function square(random: Random): Sum {
  const base = drawNumber(random);
  const said = random.pick([
    `${base} squared`,
    `${base} to the power of 2`,
    `the square of ${base}`,
  ]);
  return { said, expression: `${base} ^ 2` };
}

const ORDERS = lines(`
  calculate {sum}
  compute {sum}
  work out {sum}
  tell me {sum}
  tell me what {sum} is
  evaluate {sum}
  solve {sum}
  figure out {sum}
  find {sum}
  do the math on {sum}
`);

const QUESTIONS = lines(`
  what is {sum}
  what's {sum}
  whats {sum}
  how much is {sum}
  what does {sum} make
  what does {sum} equal
  what do you get for {sum}
  what is the result of {sum}
  what's the answer to {sum}
  do you know what {sum} is
  {sum} equals what
`);

const STATEMENTS = lines(`
  {sum}
  {sum} =
  {sum} equals
  i need to know {sum}
  quick math: {sum}
`);

const WORDED: readonly ((a: string, b: string) => Sum)[] = [
  (a, b) => ({ said: `add ${a} and ${b}`, expression: `${a} + ${b}` }),
  (a, b) => ({ said: `add ${a} to ${b}`, expression: `${b} + ${a}` }),
  (a, b) => ({ said: `subtract ${a} from ${b}`, expression: `${b} - ${a}` }),
  (a, b) => ({ said: `multiply ${a} by ${b}`, expression: `${a} * ${b}` }),
  (a, b) => ({ said: `multiply ${a} and ${b}`, expression: `${a} * ${b}` }),
  (a, b) => ({ said: `divide ${a} by ${b}`, expression: `${a} / ${b}` }),
  (a, b) => ({ said: `sum up ${a} and ${b}`, expression: `${a} + ${b}` }),
  (a, b) => ({ said: `split ${a} by ${b}`, expression: `${a} / ${b}` }),
];

function worded(random: Random): Draft {
  const { said, expression } = random.pick(WORDED)(drawNumber(random), drawNumber(random));
  const prompt = phrase(random, [said], [], {});
  return { prompt, action: { action: 'calculate', expression } };
}

export function drawCalculate(random: Random): Draft {
  if (random.chance(0.15)) return worded(random);
  const { said, expression } = random.weighted([
    [chain, 72],
    [percentage, 17],
    [square, 11],
  ])(random);
  const question = random.chance(0.5);
  const prompt = question
    ? phrase(random, [], QUESTIONS, { sum: said })
    : phrase(random, ORDERS, STATEMENTS, { sum: said });
  return { prompt, action: { action: 'calculate', expression }, question };
}
