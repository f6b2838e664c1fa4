import { expect, test } from 'vitest';
import { randomOf } from '../test/random.ts';
import { type TinyOptions, tinyModel } from '../test/tiny-model.ts';
import { createChat } from './chat/chat.ts';
import { PocketbitError } from './errors.ts';
import { readGguf } from './gguf/header.ts';
import { loadTensors } from './load.ts';
import { planModel } from './plan/plan.ts';
import { bytesSource } from './source.ts';
import { createTokenizer } from './tokenizer/tokenizer.ts';

const SEED = 20_261_122;
const CASES = 4000;
const SLOWEST_CASE_MS = 1000;

// Every way in which a header is edited; `at` lies in the header.
const INTERESTING = [0, 1, 2, 7, 8, 9, 31, 63, 127, 128, 255];
type Edit = (bytes: Uint8Array, at: number, random: (below: number) => number) => Uint8Array;
const EDITS: readonly Edit[] = [
  (bytes, at, random) => set(bytes, at, [random(256)]),
  (bytes, at, random) => set(bytes, at, [bytes[at]! ^ (1 << random(8))]),
  (bytes, at, random) => set(bytes, at, [INTERESTING[random(INTERESTING.length)]!]),
  (bytes, at, random) => set(bytes, at, Array(8).fill(random(2) * 255)),
  (bytes, at, random) =>
    set(
      bytes,
      at,
      Array.from({ length: 4 }, () => random(256)),
    ),
  (bytes, at) => bytes.slice(0, at),
  (bytes, at, random) => joined(bytes.subarray(0, at), bytes.subarray(at + 1 + random(16))),
  (bytes, at, random) => joined(bytes.subarray(0, at + random(64)), bytes.subarray(at)),
];

function set(bytes: Uint8Array, at: number, values: number[]): Uint8Array {
  const changed = bytes.slice();
  changed.set(values.slice(0, changed.length - at), at);
  return changed;
}

function joined(head: Uint8Array, tail: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(head.length + tail.length);
  bytes.set(head);
  bytes.set(tail, head.length);
  return bytes;
}

async function useWhole(bytes: Uint8Array): Promise<void> {
  const source = bytesSource(bytes);
  const header = await readGguf(source);
  const plan = planModel(header);
  expect(plan.residentBytes).toBeLessThan(2 ** 50);
  const tokenizer = createTokenizer(header);
  const ids = createChat(header, tokenizer).encode([{ role: 'user', content: 'hello' }]);
  tokenizer.decode(ids);
  const nothing = () => {};
  const sink = { beginTensor: nothing, push: nothing, endTensor: nothing, finish: nothing };
  await loadTensors(plan, source, sink);
}

const text = (value: string) => ({ type: 'string', value }) as const;
const number = (value: number) => ({ type: 'f32', value }) as const;
const BYTES = Array.from(
  { length: 256 },
  (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`,
);
const PIECES = ['<unk>', '<s>', '</s>', ...BYTES, '▁', 'h', 'e', 'l', 'o', 'he', 'll'];

const ORIGINALS: Record<string, TinyOptions> = {
  'bitnet, byte-level BPE': {
    metadata: { 'tokenizer.chat_template': text('{{ messages[0].content }}') },
  },
  'minicpm, SentencePiece, YaRN': {
    arch: 'minicpm',
    tensors: (tensors) => tensors.filter(({ name }) => !name.includes('sub_norm')),
    metadata: {
      'minicpm.rope.scaling.type': text('yarn'),
      'minicpm.rope.scaling.factor': number(4),
      'minicpm.logit_scale': number(2),
      'tokenizer.ggml.model': text('llama'),
      'tokenizer.ggml.tokens': { type: 'strings', value: PIECES },
      'tokenizer.ggml.scores': { type: 'f32s', value: PIECES.map((_, i) => -i) },
      'tokenizer.ggml.token_type': {
        type: 'i32s',
        value: PIECES.map((_, i) => (i < 3 ? 3 : i < 259 ? 6 : 1)),
      },
      'tokenizer.ggml.unknown_token_id': { type: 'u32', value: 0 },
    },
  },
};

test.each(Object.entries(ORIGINALS))(
  `${CASES} edited headers of %s load or are refused with a code, quickly (seed ${SEED})`,
  async (_, options) => {
    const random = randomOf(SEED);
    const original = tinyModel(options);
    const headerBytes = (await readGguf(bytesSource(original))).dataOffset;
    let loaded = 0;
    for (let i = 0; i < CASES; i++) {
      let bytes = original;
      for (let edits = 1 + random(3); edits > 0; edits--) {
        const edit = EDITS[random(EDITS.length)]!;
        bytes = edit(bytes, Math.min(random(headerBytes), bytes.length - 1), random);
      }
      const started = performance.now();
      const outcome = await useWhole(bytes).then(
        () => undefined,
        (error: unknown) => error,
      );
      const took = performance.now() - started;
      if (outcome === undefined) loaded++;
      else if (!(outcome instanceof PocketbitError))
        throw new Error(`case ${i}`, { cause: outcome });
      expect(took, `case ${i}`).toBeLessThan(SLOWEST_CASE_MS);
    }
    // Some edits do no harm (a byte of a name, a token nobody uses): both outcomes must occur.
    expect(loaded).toBeGreaterThan(CASES / 100);
    expect(loaded).toBeLessThan(CASES / 2);
  },
  120_000,
);
