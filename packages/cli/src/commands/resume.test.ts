// Session files that were changed by hand or by an accident.
import { readFile, writeFile } from 'node:fs/promises';
import { beforeAll, expect, test } from 'vitest';
import { fixture, inFolder, pocketbit as run } from '../../test/command.ts';

const file = inFolder();
let saved: Record<string, unknown> = {};

const pocketbit = (...args: string[]) => run(['run', fixture('tiny-tq2'), ...args]);

beforeAll(async () => {
  await pocketbit('once', '--raw', '--max-tokens', '3', '--save', file('good.json'));
  saved = JSON.parse(await readFile(file('good.json'), 'utf8'));
});

const options = (changed: object) => ({
  ...saved,
  options: { ...(saved.options as object), ...changed },
});

const DAMAGED: [string, () => unknown][] = [
  ['an answer of texts', () => ({ ...saved, answer: ['1'] })],
  ['a broken id', () => ({ ...saved, answer: [1.5] })],
  ['no random state', () => ({ ...saved, random: undefined })],
  ['a random state of three words', () => ({ ...saved, random: [1, 2, 3] })],
  ['another stop reason', () => ({ ...saved, stopReason: 'tired' })],
  ['a grammar', () => ({ ...saved, grammar: {} })],
  ['no version', () => ({ ...saved, version: undefined })],
  ['a version of text', () => ({ ...saved, version: '1' })],
  ['a model of number', () => ({ ...saved, model: 5 })],
  ['a temperature of text', () => options({ temperature: 'hot' })],
  ['a negative number of tokens', () => options({ maxTokens: -1 })],
  ['a stop of number', () => options({ stop: [1] })],
  ['200,000 stops', () => options({ stop: new Array(200_000).fill('zz') })],
  ['a list', () => [saved]],
  ['a number', () => 5],
  ['null', () => null],
];

test.each(DAMAGED)('--resume of %s is integrity, in one line (fault 13)', async (_, made) => {
  await writeFile(file('bad.json'), JSON.stringify(made()));
  const { status, stdout, stderr } = await pocketbit('--resume', file('bad.json'));
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  expect(stderr).toMatch(/^pocketbit: integrity: [^\n]*\n$/);
});

test('--resume of a later version is unsupported (fault 13)', async () => {
  await writeFile(file('later.json'), JSON.stringify({ ...saved, version: 2, ids: 'other' }));
  const { status, stderr } = await pocketbit('--resume', file('later.json'));
  expect(status).toBe(1);
  expect(stderr).toMatch(/^pocketbit: (unsupported|integrity): [^\n]*\n$/);
});

test('--resume of an answer of 200,000 tokens gives it again (fault 13)', async () => {
  const answer = new Array(200_000).fill(5);
  await writeFile(
    file('long.json'),
    JSON.stringify({ ...options({ maxTokens: 200_000 }), answer }),
  );
  const { status, stdout, stderr } = await pocketbit('--resume', file('long.json'), '--json');
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(JSON.parse(stdout).ids).toHaveLength(200_000);
});
