// The command's flags, its answers and its refusals, held against those of the baseline: new ones may only be added.

import { root } from '../../tests/support/paths.ts';
import type { Check, Figure } from '../lib/report.ts';
import { BASELINE } from './baseline.ts';
import { runCommand } from './command.ts';
import { readFixture } from './fixture.ts';
import { INVOCATIONS, modelFiles } from './invocations.ts';
import type { Json } from './records.ts';

/** What one command line gave. */
interface Given {
  readonly status: number;
  /** The code of a refusal, `usage` for a mistake in the command line, else null. */
  readonly code: string | null;
  /** Lines of text, or the JSON that was asked for; times are their types. */
  readonly answer: Json;
  /** What stands on stderr beside an answer, without its numbers. */
  readonly beside: string;
}

export interface Commands {
  /** Flags by command, and the choices that the help tells for them. */
  readonly flags: Record<string, string[]>;
  readonly given: Record<string, Given>;
}

export async function commandsOf(tree: string): Promise<Commands> {
  const files = modelFiles();
  const given: Record<string, Given> = {};
  for (const line of INVOCATIONS) {
    const words = line.split(' ').filter(Boolean);
    const args = words.map((word) => files[word] ?? word);
    given[line] = givenBy(await runCommand(tree, args));
  }
  const { stdout } = await runCommand(tree, ['--help']);
  return { flags: flagsIn(stdout), given };
}

function givenBy({ status, stdout, stderr }: Awaited<ReturnType<typeof runCommand>>): Given {
  const [, code] = /^pocketbit: ([a-z-]+): /.exec(stderr) ?? [];
  return {
    status,
    code: status === 0 ? null : (code ?? 'usage'),
    answer: stdout.startsWith('{') ? masked(JSON.parse(stdout) as Json) : stdout.split('\n'),
    beside: status === 0 ? stderr.replace(/\d+(\.\d+)?/g, '<n>') : '',
  };
}

/** Values that differ from run to run become their types. */
function masked(value: Json, name = ''): Json {
  if (/Ms$|PerSecond$/.test(name)) return typeof value;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((inner) => masked(inner));
  const entries = Object.entries(value);
  return Object.fromEntries(entries.map(([key, inner]) => [key, masked(inner, key)]));
}

function flagsIn(help: string): Record<string, string[]> {
  const lines = [...help.matchAll(/^ {2}pocketbit (\w+) (.*)$/gm)];
  return Object.fromEntries(
    lines.map(([, name, usage]) => {
      const found = [...usage!.matchAll(/(--[a-z0-9-]+)( [\w|/,=.]+)?/g)];
      const flags = found.flatMap(([, flag, hint]) => [
        flag!,
        ...(hint?.includes('|') ? hint.trim().split('|') : []).map((word) => `${flag} ${word}`),
      ]);
      return [name!, [...new Set(flags)].sort()];
    }),
  );
}

export const commands: Check = {
  title: `flags, answers, JSON keys, exit codes and error codes of the command, as ${BASELINE} gave them`,
  async run({ note }) {
    const [before, now] = [readFixture<Commands>('commands'), await commandsOf(root)];
    const lost = Object.entries(before.flags).flatMap(([name, flags]) =>
      flags.filter((flag) => !now.flags[name]?.includes(flag)).map((flag) => `${name} ${flag}`),
    );
    const lines = Object.keys(before.given);
    const differing = lines.map((line) => ({ line, differences: compare(line, before, now) }));
    const wrong = differing.filter(({ differences }) => differences.length > 0);
    for (const { line, differences } of wrong) note(`pocketbit ${line}\n${differences.join('\n')}`);
    const refusals = lines.filter((line) => before.given[line]!.status !== 0);
    const share = (label: string, all: readonly string[]): Figure => {
      const bad = wrong.filter(({ line }) => all.includes(line)).length;
      const value = `${all.length - bad} of ${all.length} as before`;
      return { label, value, target: 'all', pass: bad === 0 && all.length > 0 };
    };
    return [
      {
        label: 'flags and choices in the help that are gone',
        value: lost.join(', ') || `none of ${Object.values(before.flags).flat().length}`,
        target: 'none',
        pass: lost.length === 0,
      },
      share(
        'answers',
        lines.filter((line) => !refusals.includes(line)),
      ),
      share('refusals, by status and code', refusals),
      agreedForm(now.given['logits TERNARY --ids 1,2,3 --top 3 --json']!.answer),
    ];
  },
};

function agreedForm(answer: Json): Figure {
  const pass = /^\{"top":\[(\{"id":\d+,"logit":-?[\d.]+\},?){3}\]\}$/.test(JSON.stringify(answer));
  const label = '`logits --json`';
  return { label, value: JSON.stringify(answer), target: '{"top":[{"id","logit"}]}', pass };
}

function compare(line: string, before: Commands, now: Commands): string[] {
  const isHelp = /^(--)?help$/.test(line);
  const [old, found] = [before.given[line]!, now.given[line]];
  if (!found) return ['it is not asked any more'];
  // The flags in the help are compared one by one; words may be added.
  if (isHelp) return old.status === found.status ? [] : [`status ${found.status}`];
  const differences = missingIn(old as unknown as Json, found as unknown as Json, 'it');
  return differences.filter((difference) => !REPLACED.test(difference));
}

/** `inspect --json` gave a tensor's number in the engine's old table of slots, which is gone; the key names its place now. */
const REPLACED = /\.plan\.tensors\[\d+\]\.slot: \d+ before, "[\w.]+" now$/;

/** Where `found` lacks or changes something of `before`; what it adds to objects is none of these. */
export function missingIn(before: Json, found: Json, place: string): string[] {
  if (typeof before !== 'object' || before === null || typeof found !== 'object' || !found) {
    return before === found
      ? []
      : [`${place}: ${JSON.stringify(before)} before, ${JSON.stringify(found)} now`];
  }
  if (Array.isArray(before)) {
    if (!Array.isArray(found) || found.length !== before.length)
      return [`${place}: a list of ${before.length} before, ${Object.keys(found).length} now`];
    return before.flatMap((inner, i) => missingIn(inner, found[i]!, `${place}[${i}]`));
  }
  const own = found as Record<string, Json>;
  return Object.entries(before).flatMap(([key, inner]) =>
    key in own ? missingIn(inner, own[key]!, `${place}.${key}`) : [`${place}.${key} is gone`],
  );
}
