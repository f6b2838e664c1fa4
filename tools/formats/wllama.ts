import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  bytesSource,
  createTokenizer,
  type GgufHeader,
  readGguf,
  type Tokenizer,
} from '@pocketbit/core';
import { type FamilyModel, familyFile } from '../../tests/models/families.ts';
import { SMALL_MODELS } from '../../tests/models/published.ts';
import { ggufParts } from '../../tests/models/random.ts';
import { bindEngine } from '../../tests/support/engine.ts';
import { cacheFolder, root } from '../../tests/support/paths.ts';
import type { Likeliest } from '../lab/peer/main.ts';
import { logitsAfter, openEngine } from '../lib/engine.ts';
import { withWllama } from '../lib/lab.ts';
import type { Check, Figure } from '../lib/report.ts';

const FIXTURES = [
  'families/hf-llama',
  'families/hf-qwen3-q1',
  'families/hf-qwen3-q2',
  'tiny/tiny-tq2',
];
const PROMPTS = [
  'the',
  'the fox',
  'then there was another one',
  'rest in the inner part of the town and',
];
/** Tokens compared behind each prompt. */
const MAX_CHOICES = 32;
const MIN_GAP = 0.5;
const RMS = 0.12;

interface Subject {
  name: string;
  file: Uint8Array;
}

export const peer: Check = {
  title:
    'logits against @wllama/wllama 3.8.1 (llama.cpp) in Chromium, on every kind of file it loads',
  async run() {
    const folder = join(cacheFolder, 'peer-files');
    mkdirSync(folder, { recursive: true });
    const subjects = [...FIXTURES.map(fixture), ...SMALL_MODELS.filter(loads).map(generated)];
    const figures: Figure[] = [];
    for (const { name, file } of subjects) {
      const header = await readGguf(bytesSource(file));
      silence(file, header, createTokenizer(header));
      writeFileSync(join(folder, `${name}.gguf`), file);
      const theirs = await askWllama(folder, name);
      figures.push(...compare(name, await ourLogits(file, header), theirs));
    }
    return figures;
  },
};

function fixture(path: string): Subject {
  const file = readFileSync(join(root, 'tests/fixtures', `${path}.gguf`));
  return { name: path.split('/')[1]!, file: new Uint8Array(file) };
}

/** llama.cpp has no I2_S, no Q2_0 of 128 and of the BitNet architectures only `bitnet`. */
function loads({ linear, arch }: FamilyModel): boolean {
  return linear !== 'I2_S' && linear !== 'Q2_0_G128' && arch !== 'bitnet-b1.58';
}

function generated(model: FamilyModel): Subject {
  const file = new Uint8Array(Buffer.concat([...ggufParts(familyFile(model, 1))]));
  return { name: model.name, file };
}

/**
 * Zeroes the rows of tokens that are not ASCII text, in place: wllama 3.8.1 dies of answers that are not UTF-8. In
 * every type that a row may have, zero bytes are zero weights.
 */
function silence(file: Uint8Array, header: GgufHeader, tokenizer: Tokenizer): void {
  for (const tensor of header.tensors) {
    if (tensor.name !== 'token_embd.weight' && tensor.name !== 'output.weight') continue;
    const rows = tensor.shape[1]!;
    const rowBytes = tensor.bytes / rows;
    for (let id = 0; id < rows; id++) {
      if (isPlain(tokenizer.tokenBytes(id))) continue;
      const start = tensor.offset + id * rowBytes;
      file.fill(0, start, start + rowBytes);
    }
  }
}

function isPlain(bytes: Uint8Array): boolean {
  return bytes.length > 0 && bytes.every((byte) => byte > 31 && byte < 127);
}

async function ourLogits(file: Uint8Array, header: GgufHeader) {
  const engine = await openEngine(await bindEngine('simd128'), file);
  const tokenizer = createTokenizer(header);
  const rows = PROMPTS.map((prompt) => {
    const ids = tokenizer.encode(prompt);
    return { promptTokens: ids.length, logits: logitsAfter(engine, ids) };
  });
  engine.free();
  return rows;
}

function askWllama(folder: string, name: string): Promise<Likeliest[]> {
  return withWllama({ '/peer-files/': folder }, (page) =>
    page.evaluate(([model, prompts, max]) => window.peer.likeliest(model, prompts, max), [
      `../peer-files/${name}.gguf`,
      PROMPTS,
      MAX_CHOICES,
    ] as const),
  );
}

function compare(
  name: string,
  ours: Awaited<ReturnType<typeof ourLogits>>,
  theirs: Likeliest[],
): Figure[] {
  const far: number[] = [];
  let [clear, agreed, same] = [0, 0, 0];
  for (const [i, { promptTokens, logits }] of ours.entries()) {
    const other = theirs[i]!;
    if (promptTokens === other.promptTokens) same++;
    const total = Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit), 0));
    far.push(...other.logprobs.map(([id, logprob]) => logits[id]! - total - logprob));
    const [first = 0, second = 0] = [...logits].sort((a, b) => b - a);
    if (first - second <= MIN_GAP) continue;
    clear++;
    if (logits[other.logprobs[0]![0]] === first) agreed++;
  }
  const rms = Math.sqrt(far.reduce((sum, d) => sum + d * d, 0) / far.length);
  const all = ours.flatMap(({ logits }) => [...logits].filter((logit) => logit !== 0));
  const deviation = Math.sqrt(all.reduce((sum, logit) => sum + logit * logit, 0) / all.length);
  return [
    {
      label: `${name}: rms over ${far.length} log probabilities, logits of deviation ${deviation.toFixed(2)}`,
      value: rms.toFixed(4),
      target: `at most ${RMS}`,
      pass: rms <= RMS && far.length > MAX_CHOICES * 2,
    },
    {
      label: `${name}: greedy tokens whose top-2 gap exceeds ${MIN_GAP}`,
      value: `${agreed} of ${clear} the same; ${same} of ${ours.length} prompts of the same length`,
      target: 'all',
      pass: agreed === clear && same === ours.length,
    },
  ];
}
