import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { KvFormat } from '@pocketbit/core';
import { nodeLogits } from '../../tests/support/engine.ts';
import { tinyFolder } from '../../tests/support/paths.ts';
import { bounded, type Check, type Figure } from '../lib/report.ts';

/** Written by `python -m training.reference.golden`; see tests/fixtures/tiny/README.md. */
interface Golden {
  ids: number[];
  vocabSize: number;
  /** Base64 of little-endian float32: [ids][vocab], then the last position alone. */
  integerExact: { kvF32: string; kvI8: string; kvI4: string; headF32: string };
  /** The last positions in plain float32; absent for W1A1. */
  floatMode?: string;
}

const NAMES = ['tiny-tq2', 'tiny-i2s', 'tiny-q6k', 'tiny-w1a1'];

export const reference: Check = {
  title: "logits against the PyTorch reference's committed golden logits",
  async run() {
    const figures: Figure[] = [];
    for (const name of NAMES) figures.push(...(await figuresOf(name)));
    return figures;
  },
};

async function figuresOf(name: string): Promise<Figure[]> {
  const file = join(tinyFolder, `${name}.gguf`);
  const golden: Golden = JSON.parse(readFileSync(join(tinyFolder, `${name}.golden.json`), 'utf8'));
  const { ids, integerExact, floatMode } = golden;
  const run = (kv: KvFormat, head: 'f32' | 'int8') =>
    nodeLogits('simd128', file, ids, { kv, head });
  const plain = await run('f32', 'int8');
  const exact = Math.max(
    worst(plain, floats(integerExact.kvF32)),
    worst(await run('int8', 'int8'), floats(integerExact.kvI8)),
    worst(await run('int4', 'int8'), floats(integerExact.kvI4)),
    worst(await run('f32', 'f32'), floats(integerExact.headF32)),
  );
  const label = `${name}, ${ids.length} positions`;
  const figures = [bounded(`${label}: integer-exact max |Δ|`, exact, { max: 1e-3 }, scientific)];
  if (floatMode) {
    const expected = floats(floatMode);
    const spread = rms(expected, new Float32Array(expected.length));
    figures.push(
      bounded(
        `${label}: float mode rms Δ on logits of rms ${spread.toFixed(2)}`,
        rms(tail(plain, expected), expected),
        { max: 0.12 },
        fixed,
      ),
    );
  }
  return figures;
}

function floats(base64: string): Float32Array {
  const bytes = new Uint8Array(Buffer.from(base64, 'base64'));
  return new Float32Array(bytes.buffer);
}

/** The last logits, as many as the reference gave. */
function tail(found: Float32Array, expected: Float32Array): Float32Array {
  if (expected.length === 0 || expected.length > found.length)
    throw new Error('the golden logits have another shape');
  return found.subarray(found.length - expected.length);
}

function worst(found: Float32Array, expected: Float32Array): number {
  const last = tail(found, expected);
  return expected.reduce((max, value, i) => Math.max(max, Math.abs(value - last[i]!)), 0);
}

function rms(a: Float32Array, b: Float32Array): number {
  return Math.sqrt(a.reduce((sum, value, i) => sum + (value - b[i]!) ** 2, 0) / a.length);
}

const scientific = (value: number) => value.toExponential(1);
const fixed = (value: number) => value.toFixed(3);
