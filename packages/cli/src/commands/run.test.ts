import { readFile, writeFile } from 'node:fs/promises';
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { tinyModel } from '../../../core/test/tiny-model.ts';
import { fixture, inFolder, pocketbit } from '../../test/command.ts';

const TQ2 = fixture('tiny-tq2');
const SAMPLED = ['--temperature', '0.9', '--repeat-penalty', '1.2', '--seed', '11', '--raw'];

const file = inFolder();
afterEach(() => vi.restoreAllMocks());

async function json(...args: string[]) {
  const { status, stdout, stderr } = await pocketbit(['run', TQ2, ...args, '--json']);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return JSON.parse(stdout);
}

describe('--resume', () => {
  let whole = { ids: [] as number[], text: '', stopReason: '' };
  beforeAll(async () => {
    whole = await json('once', ...SAMPLED, '--max-tokens', '40');
  });

  test.each([1, 16, 17, 39])('after %i tokens goes on to those of one run', async (tokens) => {
    const session = file(`cut-${tokens}.json`);
    const cut = await json('once', ...SAMPLED, '--max-tokens', `${tokens}`, '--save', session);
    expect(cut.ids).toEqual(whole.ids.slice(0, tokens));
    const { ids, text, stopReason } = whole;
    const resumed = await json('--resume', session, '--max-tokens', '40');
    expect(resumed).toMatchObject({ ids, text, stopReason });
  });

  test('of an answer that has all its tokens gives it again', async () => {
    const session = file('all.json');
    const { ids } = await json('once', ...SAMPLED, '--max-tokens', '4', '--save', session);
    expect(await json('--resume', session)).toMatchObject({ ids, stopReason: 'length' });
  });

  test('goes on beyond the context', async () => {
    const options = ['once', ...SAMPLED, '--context', '32', '--overflow', 'slide'];
    const session = file('slide.json');
    const slid = await json(...options, '--max-tokens', '70');
    expect(slid.ids).toHaveLength(70);
    await json(...options, '--max-tokens', '50', '--save', session);
    const resumed = await json('--resume', session, '--context', '32', '--max-tokens', '70');
    expect(resumed.ids).toEqual(slid.ids);
  });

  const edited = async (change: object) => {
    const path = file('edited.json');
    await json('once', ...SAMPLED, '--max-tokens', '3', '--save', path);
    const saved = JSON.parse(await readFile(path, 'utf8'));
    await writeFile(path, JSON.stringify({ ...saved, ...change }));
    return path;
  };
  const refused: [string, () => Promise<string[]> | string[], number, RegExp][] = [
    ['a missing file', () => [TQ2, '--resume', file('none')], 1, /storage: .*no such file/],
    ['a folder', () => [TQ2, '--resume', file('')], 1, /storage: /],
    ['a file that is no JSON', () => [TQ2, '--resume', TQ2], 1, /integrity: .*no saved session/],
    ['no ids', async () => [TQ2, '--resume', await edited({ ids: 7 })], 1, /integrity: /],
    ['a wrong id', async () => [TQ2, '--resume', await edited({ ids: [-1] })], 1, /integrity: /],
    ['no options', async () => [TQ2, '--resume', await edited({ options: 0 })], 1, /"options"/],
    [
      'an id past the vocabulary',
      async () => [TQ2, '--resume', await edited({ ids: [320] })],
      1,
      /unsupported: .*token 320/,
    ],
    [
      'a session of another file',
      async () => [fixture('tiny-i2s'), '--resume', await edited({})],
      1,
      /unsupported: .*is of the model/,
    ],
    [
      'a session of another cache',
      async () => [TQ2, '--kv', 'f32', '--resume', await edited({})],
      1,
      /unsupported: .*f32\/int8/,
    ],
    ['a PROMPT beside it', () => [TQ2, 'hi', '--resume', 'x'], 2, /either.*\nusage: pocketbit run/],
    ['nothing at all', () => [TQ2], 2, /either a PROMPT or --resume SESSION\nusage: pocketbit run/],
  ];
  test.each(refused)('is refused: %s', async (_, args, status, message) => {
    const outcome = await pocketbit(['run', ...(await args())]);
    expect(outcome).toMatchObject({ status, stdout: '' });
    expect(outcome.stderr).toMatch(message);
  });
});

describe('--save where nothing can be written', () => {
  const places = [() => file(''), () => file('no/folder'), () => '/dev/full'];
  // Linux alone has /dev/full.
  const usual = process.platform === 'linux' ? places : places.slice(0, 2);
  test.each(usual)('fails in one line, after the answer (%#)', async (place) => {
    const args = ['run', TQ2, 'once', ...SAMPLED, '--max-tokens', '3', '--save', place()];
    const { status, stdout, stderr } = await pocketbit([...args, '--json']);
    expect(JSON.parse(stdout).ids).toHaveLength(3);
    expect(status).toBe(1);
    expect(stderr).toMatch(/^pocketbit: storage: The session was not saved: .*\n$/);
  });
});

describe('Ctrl-C', () => {
  const endless = ['once', ...SAMPLED, '--context', '64', '--overflow', 'slide'];

  test('ends the answer with what was written, and the next one ends the command', async () => {
    const session = file('stopped.json');
    const heard = vi.fn(() => {
      if (heard.mock.calls.length !== 6) return;
      const others = process.listenerCount('SIGINT');
      process.emit('SIGINT');
      expect(process.listenerCount('SIGINT')).toBe(others - 1);
    });
    const args = ['run', TQ2, ...endless, '--max-tokens', '9999', '--save', session];
    const { status, stdout, stderr } = await pocketbit(args, heard);
    expect(status).toBe(130);
    expect(stderr).toMatch(/stopped by aborted/);
    const saved = JSON.parse(await readFile(session, 'utf8'));
    expect(saved.stopReason).toBe('aborted');
    const tokens = `${saved.answer.length + 20}`;
    const whole = await json(...endless, '--max-tokens', tokens);
    expect(whole.text.startsWith(stdout.trimEnd().replace(/\ufffd$/, ''))).toBe(true);
    const resumed = await json('--resume', session, '--context', '64', '--max-tokens', tokens);
    expect(resumed.ids).toEqual(whole.ids);
  });
});

test('Ctrl-C ends --json with all of its keys', async () => {
  const session = file('stopped-json.json');
  const before = process.listenerCount('SIGINT');
  const args = ['run', TQ2, 'once', ...SAMPLED, '--max-tokens', '9999', '--overflow', 'slide'];
  const running = pocketbit([...args, '--json', '--save', session]);
  await vi.waitUntil(() => process.listenerCount('SIGINT') > before, { interval: 1 });
  process.emit('SIGINT');
  const { status, stdout } = await running;
  expect(status).toBe(130);
  const answer = JSON.parse(stdout);
  expect(Object.keys(answer)).toEqual([
    ...['text', 'ids', 'promptTokens', 'promptMs', 'decodeMs', 'stopReason', 'tokensPerSecond'],
    ...['residentBytes', 'artifact'],
  ]);
  const saved = JSON.parse(await readFile(session, 'utf8'));
  expect(answer).toMatchObject({ ids: saved.answer, stopReason: 'aborted' });
});

describe('the prompt', () => {
  test('is a conversation with --system, one message without it, and itself with --raw', async () => {
    const tokens = async (...args: string[]) =>
      (await json(...args, '--max-tokens', '1')).promptTokens;
    const plain = await tokens('hi');
    expect(await tokens('hi', '--raw')).toBeLessThan(plain);
    expect(await tokens('hi', '--system', 'be kind')).toBeGreaterThan(plain);
  });

  test('that is raw needs no template that works', async () => {
    const path = file('template.gguf');
    const value = '{% for m in messages %}';
    await writeFile(
      path,
      tinyModel({ metadata: { 'tokenizer.chat_template': { type: 'string', value } } }),
    );
    const ask = (...args: string[]) => pocketbit(['run', path, 'hi', '--max-tokens', '1', ...args]);
    expect(await ask('--raw')).toMatchObject({ status: 0 });
    expect(await ask()).toMatchObject({ status: 1, stdout: '' });
  });
});
