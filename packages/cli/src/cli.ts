import { PocketbitError } from '@pocketbit/core';
import packageJson from '../package.json' with { type: 'json' };
import { type Command, Interrupted, parseCommand, UsageError } from './command.ts';
import { inspect } from './commands/inspect.ts';
import { logits } from './commands/logits.ts';
import { profile } from './commands/profile.ts';
import { run } from './commands/run.ts';
import { tokenize } from './commands/tokenize.ts';

const COMMANDS: readonly Command[] = [run, inspect, profile, tokenize, logits];

const FAILED = 1;
const MISUSED = 2;
const INTERRUPTED = 130;

/** Runs one command line; returns the exit status. */
export async function main(argv: readonly string[]): Promise<number> {
  leaveOnClosedPipe();
  try {
    await dispatch(argv);
    return 0;
  } catch (error) {
    if (error instanceof Interrupted) return INTERRUPTED;
    if (error instanceof UsageError) {
      process.stderr.write(`pocketbit: ${error.message}\n`);
      return MISUSED;
    }
    const { code, message } = PocketbitError.from(error);
    process.stderr.write(`pocketbit: ${code}: ${message.replaceAll('\n', ' ')}\n`);
    return FAILED;
  }
}

async function dispatch(argv: readonly string[]): Promise<void> {
  const [name, ...rest] = argv;
  if (name === '--version') {
    process.stdout.write(`${packageJson.version}\n`);
    return;
  }
  if (name === undefined || name === '--help' || name === 'help') {
    if (name === undefined) throw new UsageError(help());
    process.stdout.write(`${help()}\n`);
    return;
  }
  const command = COMMANDS.find((candidate) => candidate.name === name);
  if (!command) throw new UsageError(`no command ${JSON.stringify(name)}\n${help()}`);
  const { positionals, values } = parseCommand(command, rest);
  await command.run(positionals, values);
}

function help(): string {
  const lines = COMMANDS.map(
    ({ name, usage, summary }) => `  pocketbit ${name} ${usage}\n      ${summary}`,
  );
  return ['usage: pocketbit COMMAND', ...lines].join('\n');
}

/** `pocketbit run ... | head` closes the pipe early, which is no error. */
function leaveOnClosedPipe(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
}
