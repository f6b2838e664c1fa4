import { type ParseArgsConfig, parseArgs } from 'node:util';

export type Options = NonNullable<ParseArgsConfig['options']>;
export type Values = Readonly<Record<string, string | boolean | undefined>>;

/** A sub-command as data: its place in the help, its options and what it does. */
export interface Command {
  readonly name: string;
  /** What follows the name, for the help. */
  readonly usage: string;
  readonly summary: string;
  readonly options: Options;
  /** How many positional arguments there are. */
  readonly positionals: readonly [min: number, max: number];
  run(args: readonly string[], values: Values): Promise<void>;
}

/** Ctrl-C ended the command, which has written what it had: exit status 130, as of any program that it ends. */
export class Interrupted extends Error {}

/** A mistake in the command line: exit status 2. The usage, where there is one, has lines of its own. */
export class UsageError extends Error {
  readonly usage: string | undefined;

  constructor(message: string, usage?: string) {
    super(message);
    this.usage = usage;
  }
}

/** How a command is called. */
export function usageOf({ name, usage }: Pick<Command, 'name' | 'usage'>): string {
  return `usage: pocketbit ${name} ${usage}`;
}

/** Parses the arguments after the command's name. */
export function parseCommand(command: Command, argv: readonly string[]) {
  const { values, positionals } = parse(command, argv);
  const [min, max] = command.positionals;
  if (positionals.length < min || positionals.length > max) {
    throw new UsageError(
      `${command.name} takes ${min === max ? min : `${min} to ${max}`} arguments`,
      usageOf(command),
    );
  }
  return { values: values as Values, positionals };
}

function parse(command: Command, argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: command.options, allowPositionals: true });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(reason, usageOf(command));
  }
}

/** Option `name` as a number from `min` to `max`; undefined where it was not given. */
export function numberOption(values: Values, name: string, min: number, max: number) {
  const text = values[name];
  if (typeof text !== 'string') return undefined;
  const value = Number(text);
  if (text.trim() !== '' && value >= min && value <= max) return value;
  throw new UsageError(`--${name} is ${JSON.stringify(text)}; expected ${min} to ${max}`);
}

/** Option `name` as a whole number from `min` to `max`; undefined where it was not given. */
export function integerOption(values: Values, name: string, min: number, max: number) {
  const value = numberOption(values, name, min, max);
  if (value === undefined || Number.isInteger(value)) return value;
  throw new UsageError(`--${name} is ${value}; expected a whole number`);
}

/** Option `name` as one of `choices`; undefined where it was not given. */
export function choiceOption<T extends string>(
  values: Values,
  name: string,
  choices: readonly T[],
): T | undefined {
  const text = values[name];
  if (text === undefined) return undefined;
  const choice = choices.find((candidate) => candidate === text);
  if (choice) return choice;
  throw new UsageError(`--${name} is ${JSON.stringify(text)}; expected ${choices.join(', ')}`);
}
