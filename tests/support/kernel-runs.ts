import { join } from 'node:path';
import type { KvFormat } from '@pocketbit/core';
import { cachedFamily } from '../models/files.ts';
import { SMALL_MODELS } from '../models/published.ts';
import type { HashRun } from './hash-runs.ts';
import { tinyFolder } from './paths.ts';

/** More than one slice of prefill, and a rest that fills no block. */
const IDS = Array.from({ length: 70 }, (_, i) => (i * 37 + 11) % 250);

/** A model of every family of kernels, with the KV cache it runs on here. */
const TINY: Record<string, KvFormat> = {
  'tiny-tq2': 'f32',
  'tiny-i2s': 'int8',
  'tiny-w1a1': 'int4',
};
const SMALL: Record<string, KvFormat> = {
  'small-bitnet-Q8_0': 'f32',
  'small-qwen3': 'int8',
  'small-qwen3-q2': 'int4',
  'small-qwen3-q2-g128': 'f32',
};

/** The models whose logits bytes must not depend on the kernels: their files are written on first use. */
export function kernelRuns(): HashRun[] {
  const tiny = Object.entries(TINY).map(([name, kv]) => ({
    ...run(name, kv),
    file: join(tinyFolder, `${name}.gguf`),
    url: `/tiny/${name}.gguf`,
  }));
  const small = SMALL_MODELS.filter(({ name }) => name in SMALL).map((model) => ({
    ...run(model.name, SMALL[model.name]!),
    file: cachedFamily(model, 1),
    url: `/files/${model.name}-1.gguf`,
  }));
  const [first] = tiny;
  const int4 = { ...first!, options: { kv: 'int8', head: 'int4' } as const };
  return [...tiny, ...small, int4];
}

function run(name: string, kv: KvFormat) {
  return { name, ids: IDS, options: { kv, head: 'int8' as const } };
}
