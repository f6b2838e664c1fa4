// Sessions that were changed by hand or by an accident: a coded refusal, never a trap, and the model goes on.
import { expect, test } from 'vitest';
import { Listener, openText, TINY } from '../test/text-model.ts';
import type { TextModel } from './model.ts';
import type { SamplingOptions } from './options.ts';
import type { SavedSession } from './session.ts';

const PROMPT = { prompt: 'once upon', raw: true, maxTokens: 8, temperature: 0.9, seed: 5 };
const { model } = await openText(TINY, { contextLength: 32, endless: true });
const { saved, ids: expected } = await answered();

async function answered() {
  const points: SavedSession[] = [];
  const line = new Listener(() => points.push(model.save(1e9)!));
  await model.generate(PROMPT, line);
  return { saved: points[4]!, ids: line.ids };
}

/** How a restore ended: 'taken', or the code of its refusal; an error without a code is itself. */
async function outcome(value: unknown, by: TextModel = model): Promise<unknown> {
  try {
    await by.restore(value, new Listener());
    return 'taken';
  } catch (error) {
    return (error as { code?: unknown }).code ?? error;
  }
}

async function expectUsable(): Promise<void> {
  const line = new Listener();
  await model.restore(saved, line);
  expect(line.ids).toEqual(expected);
  const again = new Listener();
  await model.generate(PROMPT, again);
  expect(again.ids).toEqual(expected);
}

const options = (changed: object) => ({ ...saved, options: { ...saved.options, ...changed } });
const throwing = (field: string) =>
  Object.defineProperty({ ...saved }, field, {
    enumerable: true,
    get: () => {
      throw new TypeError('a getter that throws');
    },
  });
const revoked = () => {
  const { proxy, revoke } = Proxy.revocable({ ...saved }, {});
  revoke();
  return proxy;
};
const subject = () => new Proxy(saved.ids, {});

const FIELDS = Object.keys(saved) as (keyof SavedSession)[];
const ODD = [
  undefined,
  0,
  -1,
  1.5,
  Number.NaN,
  'text',
  true,
  [],
  {},
  [null],
  1n,
  Symbol('s'),
  () => 1,
];

test('every field of a session that is of another kind is integrity (fault 13)', async () => {
  for (const field of FIELDS) {
    for (const odd of ODD) {
      // Sessions may be so: without tokens of a prompt, without options, of another model.
      if (field === 'promptTokens' && odd === 0) continue;
      if (field === 'options' && String(odd) === '[object Object]') continue;
      if (field === 'model' && odd === 'text') continue;
      const named = `${field}: ${String(odd)}`;
      const code =
        field === 'version' && typeof odd === 'number' && odd !== 0 ? /./ : /^integrity$/;
      expect(await outcome({ ...saved, [field]: odd }), named).toMatch(code);
    }
  }
  await expectUsable();
});

const REFUSED: [string, unknown][] = [
  ['a getter that throws', throwing('options')],
  ['another getter that throws', throwing('ids')],
  ['a revoked proxy', revoked()],
  ['a proxy of ids', { ...saved, ids: subject() }],
  ['a list', [saved]],
  ['a stop reason of another kind', { ...saved, stopReason: 'tired' }],
  ['a grammar', { ...saved, grammar: { rules: [] } }],
  ['tokens of a prompt that no number holds', { ...saved, promptTokens: 2 ** 53 }],
  ['half a random state', { ...saved, random: [1, 0.5] }],
  ['a random state of texts', { ...saved, random: ['1', '2'] }],
  ['no number of tokens', options({ maxTokens: Number.NaN })],
  ['a text for a number of tokens', options({ maxTokens: 'many' })],
  ['fewer than no tokens', options({ maxTokens: -1 })],
  ['a temperature without end', options({ temperature: Number.POSITIVE_INFINITY })],
  ['a temperature that is none', options({ temperature: Number.NaN })],
  ['a temperature of text', options({ temperature: 'hot' })],
  ['a temperature below nothing', options({ temperature: -1 })],
  ['a list of seeds', options({ seed: [1] })],
  ['a record of seeds', options({ seed: {} })],
  ['a large seed', options({ seed: 1n })],
  ['top-k below nothing', options({ topK: -1 })],
  ['a probability over one', options({ topP: 2 })],
  ['a share over one', options({ minP: 2 })],
  ['a penalty that is none', options({ repeatPenalty: Number.NaN })],
  ['a speed below nothing', options({ maxTokensPerSecond: -1 })],
  ['a speed of text', options({ maxTokensPerSecond: 'fast' })],
  ['another power', options({ power: 'turbo' })],
  ['another overflow', options({ overflow: 'explode' })],
  ['raw as text', options({ raw: 'yes' })],
  ['stops that are no list', options({ stop: { length: 1, 0: 'a' } })],
  ['a stop of null', options({ stop: [null] })],
  ['a gap among stops', options({ stop: new Array(3) })],
  ['200,000 stops', options({ stop: new Array(200_000).fill('zz') })],
  ['a stop of a million characters', options({ stop: ['z'.repeat(1e6)] })],
  ['a context of a million bytes', { ...saved, context: new Uint8Array(1e6) }],
  ['a context of no bytes', { ...saved, context: new Uint8Array() }],
  ['a long answer', { ...saved, answer: new Uint32Array(2 ** 25) }],
];

test.each(REFUSED)('%s is integrity, and the model goes on (fault 13)', async (_, value) => {
  expect(await outcome(value)).toBe('integrity');
  await expectUsable();
});

test('what an answer may be asked with, a session of it may hold (fault 13)', async () => {
  const given: SamplingOptions[] = [
    { maxTokens: Number.POSITIVE_INFINITY, stop: ['zzzz'], overflow: 'stop' },
    { temperature: '0.5' as never, topK: '3' as never, seed: 2 ** 53 - 1 },
    { power: 'auto', maxTokensPerSecond: Number.POSITIVE_INFINITY, repeatPenalty: 1 },
    { stop: undefined as never, raw: undefined as never, topP: 1, minP: 0 },
    { stop: [] },
  ];
  for (const asked of given) {
    const line = new Listener();
    await model.generate({ maxTokens: 4, ...asked, prompt: 'once', raw: true }, line);
    for (const point of line.sessions) {
      const rest = new Listener();
      await model.restore(structuredClone(point), rest);
      expect(rest.ids).toEqual(line.ids);
    }
  }
});

test('options of another kind are refused as such where an answer is asked for (fault 13)', async () => {
  const wrong = [
    { stop: 'a' },
    { stop: [1] },
    { stop: new Array(200_000).fill('zz') },
    { maxTokens: Number.NaN },
    { temperature: 'hot' },
    { seed: {} },
    { power: 'turbo' },
    { overflow: 'explode' },
  ] as unknown as SamplingOptions[];
  for (const asked of wrong) {
    const error = await model
      .generate({ ...PROMPT, ...asked }, new Listener())
      .catch((caught: unknown) => caught);
    const [name] = Object.keys(asked);
    expect(error, name).toMatchObject({
      code: 'unsupported',
      message: expect.stringMatching(name!),
    });
  }
  await expectUsable();
});

test('prompts of another kind are refused with a code (fault 13)', async () => {
  const odd = [
    5,
    null,
    undefined,
    {},
    [null],
    ['text'],
    [{ role: 'user' }],
    [{ role: 5, content: 'a' }],
  ];
  for (const prompt of odd as never[]) {
    for (const raw of [true, false]) {
      const asked = model.generate({ prompt, raw }, new Listener());
      await expect(asked, JSON.stringify(prompt)).rejects.toMatchObject({ code: 'unsupported' });
    }
  }
  await expectUsable();
});

/** A generator of whole numbers below `n`, seeded (mulberry32). */
function seeded(seed: number) {
  let state = seed;
  return (n: number) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % n;
  };
}

const NUMBERS = [0, 1, -1, 0.5, 31, 32, 33, 319, 320, 2 ** 31, 2 ** 32, 2 ** 53, 1e308, Number.NaN];

/** The bytes of a context with the checksum that they have now, FNV-1a over words of four bytes. */
function summed(bytes: Uint8Array): Uint8Array {
  const end = Math.max(0, bytes.length - 8);
  let sum = 0xcbf29ce484222325n;
  for (let at = 0; at < end; at += 4) {
    let word = 0;
    for (let i = Math.min(at + 4, end) - 1; i >= at; i--) word = word * 256 + bytes[i]!;
    sum = ((sum ^ BigInt(word)) * 0x100000001b3n) & 0xffffffffffffffffn;
  }
  for (let i = end; i < bytes.length; i++) bytes[i] = Number((sum >> BigInt(8 * (i - end))) & 255n);
  return bytes;
}

/** The session with one to three things changed. */
function edited(seed: number): unknown {
  const below = seeded(seed);
  const pick = <T>(values: readonly T[]) => values[below(values.length)]!;
  const value = () =>
    pick<unknown>([...NUMBERS, ...ODD, null, Number.POSITIVE_INFINITY, 'zz', ['zz']]);
  const words = (from: Uint32Array) => {
    const changed = new Uint32Array(pick([0, 1, from.length, from.length + 1, 40, 5000]));
    changed.set(from.subarray(0, changed.length));
    changed[below(Math.max(1, changed.length))] = pick([0, 5, 319, 320, 2 ** 32 - 1]);
    return changed;
  };
  const bytes = (from: Uint8Array) => {
    const changed = from.slice(0, pick([from.length, from.length, below(from.length), 60]));
    for (let left = below(4); left >= 0; left--) {
      changed[below(pick([60, changed.length || 1]))] = pick([0, 127, 128, 255, below(256)]);
    }
    return below(4) > 0 ? summed(changed) : changed;
  };
  const session: Record<string, unknown> = { ...saved, options: { ...saved.options } };
  for (let left = 1 + below(3); left > 0; left--) {
    const field = pick(FIELDS);
    if (below(2) === 0) session[field] = value();
    else if (field === 'ids' || field === 'answer') session[field] = words(saved[field]);
    else if (field === 'context') session[field] = bytes(saved.context!);
    else if (field === 'random') session[field] = [value(), value()];
    else {
      const name = pick(['maxTokens', 'temperature', 'topK', 'topP', 'seed', 'stop', 'overflow']);
      session.options = { ...saved.options, [name]: value() };
    }
  }
  return session;
}

test('a context whose bytes were changed and summed anew is taken or refused with a code (fault 13)', async () => {
  const found = new Map<unknown, number>();
  expect(summed(saved.context!.slice())).toEqual(saved.context);
  for (let seed = 1; seed <= 1000; seed++) {
    const below = seeded(seed);
    const context = saved.context!.slice();
    for (let left = below(6); left >= 0; left--) context[below(context.length)] = below(256);
    const code = await outcome({ ...saved, context: summed(context) });
    expect(['taken', 'integrity', 'unsupported', 'context-full', 'bad-model']).toContain(code);
    found.set(code, (found.get(code) ?? 0) + 1);
  }
  expect(found.get('taken')).toBeGreaterThan(50);
  await expectUsable();
}, 60_000);

test('5000 edited sessions are taken or refused with a code, and none traps (fault 13)', async () => {
  const found = new Map<unknown, number>();
  for (let seed = 1; seed <= 5000; seed++) {
    const code = await outcome({ ...(edited(seed) as object) });
    expect(
      ['taken', 'integrity', 'unsupported', 'context-full', 'bad-model'],
      `seed ${seed}`,
    ).toContain(code);
    found.set(code, (found.get(code) ?? 0) + 1);
    if (seed % 500 === 0) await expectUsable();
  }
  expect(found.get('taken')).toBeGreaterThan(100);
  expect(found.get('integrity')).toBeGreaterThan(1000);
}, 120_000);
