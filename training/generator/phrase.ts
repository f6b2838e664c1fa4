import type { Random } from './random.js';

/** Anything that yields a word or phrase for a slot. */
export type Source = readonly string[] | ((random: Random) => string);

/** Split a block of words or phrases separated by `|`; new lines count as spaces. */
export function words(block: string): string[] {
  return block
    .split('|')
    .map((word) => word.trim().replace(/\s+/g, ' '))
    .filter((word) => word.length > 0);
}

/** One phrase a line; blank lines are dropped. */
export function lines(block: string): string[] {
  return block
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line.length > 0);
}

export function drawFrom(random: Random, source: Source): string {
  return typeof source === 'function' ? source(random) : random.pick(source);
}

/** Replace every `{slot}` of a template; slots are filled left to right, each from its source. */
export function fill(
  random: Random,
  template: string,
  sources: Readonly<Record<string, Source>>,
): string {
  return template.replace(/\{(\w+)\}/g, (_, name: string) => {
    const source = sources[name];
    if (source === undefined) throw new RangeError(`template "${template}" has no slot "${name}"`);
    return drawFrom(random, source);
  });
}

const POLITE_PREFIX: readonly (readonly [string, number])[] = [
  ['', 60],
  ['please ', 9],
  ['can you ', 6],
  ['could you ', 5],
  ['can you please ', 3],
  ['could you please ', 3],
  ['would you ', 2],
  ['hey, ', 3],
  ['hi, please ', 1],
  ['hey, can you ', 2],
  ['i need you to ', 2],
  ["i'd like you to ", 1],
  ['i want you to ', 1],
  ['ok, ', 1],
  ['quick, ', 1],
];

const POLITE_SUFFIX: readonly (readonly [string, number])[] = [
  ['', 90],
  [' please', 5],
  [', please', 2],
  [', thanks', 2],
  [' for me', 1],
];

/** An order ("set a timer") with the courtesies people put around it. */
export function polite(random: Random, order: string): string {
  const prefix = random.weighted(POLITE_PREFIX);
  const suffix = random.weighted(POLITE_SUFFIX);
  return `${prefix}${order}${suffix}`;
}

/** Draw one of the templates, orders (made polite) and statements alike, and fill it with given values. */
export function phrase(
  random: Random,
  orders: readonly string[],
  statements: readonly string[],
  values: Readonly<Record<string, string>>,
): string {
  const index = random.int(0, orders.length + statements.length - 1);
  const order = orders[index];
  const template =
    order === undefined ? (statements[index - orders.length] ?? '') : polite(random, order);
  const sources = Object.fromEntries(Object.entries(values).map(([key, value]) => [key, [value]]));
  return fill(random, template, sources);
}

export function capitalise(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
