import { escaped, PocketbitError } from '@pocketbit/core';

type Name = 'stdout' | 'stderr';

/** What ended the writing to stdout: nobody reads it any more, or it cannot be written. */
let failure: NodeJS.ErrnoException | undefined;
const ended = new AbortController();
let watched = false;

/** Stops what is written for a reader who left or a disk that is full; without this Node ends with a stack trace. */
export function watchOutput(): void {
  failure = undefined;
  if (watched) return;
  watched = true;
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    failure ??= error;
    ended.abort();
  });
  // There is nowhere left to say that errors cannot be written.
  process.stderr.on('error', () => {});
}

/** Aborted once stdout takes nothing more. */
export const outputEnded: AbortSignal = ended.signal;

/**
 * Throws `storage` where stdout could not be written, after what was written has had the time to fail. A reader who
 * left early, as `head` does, is no error.
 */
export async function checkOutput(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  if (!failure || failure.code === 'EPIPE') return;
  throw new PocketbitError('storage', `The output cannot be written: ${reasonOf(failure)}`);
}

/** Why a system call failed, without its name and paths. */
export function reasonOf(error: unknown): string {
  const { code, message = String(error) } = error as Partial<NodeJS.ErrnoException>;
  if (code === undefined) return message;
  if (code === 'ENOENT') return 'no such file';
  return message.replace(/^E[A-Z0-9]+: /, '').replace(/, \w+( .*)?$/s, '');
}

/** Writes lines. What they have of files and people must be escaped already, as its line ends are not told apart. */
export function print(text: string, to: Name = 'stdout'): void {
  process[to].write(`${text}\n`);
}

/** Writes a value as JSON that shows no more than it says: unprintable characters are `\\u` escapes. */
export function printJson(value: unknown, indent?: number): void {
  const lines = JSON.stringify(value, null, indent).split('\n');
  print(lines.map((line) => escaped(line, unitEscapes)).join('\n'));
}

function unitEscapes(character: string): string {
  const units = character.split('').map((unit) => unit.charCodeAt(0).toString(16).padStart(4, '0'));
  return units.map((unit) => `\\u${unit}`).join('');
}

/** C0 and C1 without line end and tab: they move the cursor, clear lines and set titles. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for.
const CONTROLS = /[\x00-\x08\x0b-\x1f\x7f-\x9f]/g;

/** Writes a part of an answer: on a terminal with its control characters escaped, else as it is. */
export function printAnswer(text: string): void {
  process.stdout.write(
    process.stdout.isTTY
      ? text.replaceAll('\r\n', '\n').replace(CONTROLS, (c) => escaped(c))
      : text,
  );
}
