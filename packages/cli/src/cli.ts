import { displayName, PocketbitError } from '@pocketbit/core';
import packageJson from '../package.json' with { type: 'json' };
import { type Command, Interrupted, parseCommand, UsageError } from './command.ts';
import { inspect } from './commands/inspect.ts';
import { logits } from './commands/logits.ts';
import { profile } from './commands/profile.ts';
import { run } from './commands/run.ts';
import { tokenize } from './commands/tokenize.ts';
import { checkOutput, print, watchOutput } from './output.ts';

const COMMANDS: readonly Command[] = [run, inspect, profile, tokenize, logits];

const FAILED = 1;
const MISUSED = 2;
const INTERRUPTED = 130;

/** Of what a command line has wrong. */
const MAX_LINE = 1000;

/** Runs one command line; returns the exit status. */
export async function main(argv: readonly string[]): Promise<number> {
  watchOutput();
  try {
    await dispatch(argv);
    await checkOutput();
    return 0;
  } catch (error) {
    if (error instanceof Interrupted) return INTERRUPTED;
    if (error instanceof UsageError) {
      const usage = error.usage === undefined ? '' : `\n${error.usage}`;
      print(`pocketbit: ${displayName(error.message, MAX_LINE)}${usage}`, 'stderr');
      return MISUSED;
    }
    const { code, message } = PocketbitError.from(error);
    print(`pocketbit: ${code}: ${message}`, 'stderr');
    return FAILED;
  }
}

async function dispatch(argv: readonly string[]): Promise<void> {
  const [name, ...rest] = argv;
  if (name === '--version') {
    return print(packageJson.version);
  }
  if (name === undefined || name === '--help' || name === 'help') {
    if (name === undefined) throw new UsageError('there is no command', help());
    return print(help());
  }
  const command = COMMANDS.find((candidate) => candidate.name === name);
  if (!command) throw new UsageError(`no command ${JSON.stringify(name)}`, help());
  const { positionals, values } = parseCommand(command, rest);
  await command.run(positionals, values);
}

function help(): string {
  const lines = COMMANDS.map(
    ({ name, usage, summary }) => `  pocketbit ${name} ${usage}\n      ${summary}`,
  );
  return ['usage: pocketbit COMMAND', ...lines].join('\n');
}
