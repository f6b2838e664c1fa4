import { badModel, unsupported } from '../errors.ts';
import type { ModelConfig, RopeScaling } from './config.ts';
import type { Metadata } from './metadata.ts';
import { vocabularyLine } from './vocabulary-lines.ts';

const MAX_ROPE_BASE = 1e12;
const DEFAULT_ROPE_BASE = 10_000;
const MAX_FACTOR = 1e6;
const MAX_CONTEXT = 2 ** 24;
/** A factor that was rounded does not contradict. */
const ROUNDED = 1.01;

const NO_SCALING: RopeScaling = {
  kind: 'none',
  factor: 1,
  originalContext: 1,
  attentionFactor: 1,
  betaFast: 32,
  betaSlow: 1,
  extFactor: 1,
};

type Rope = Pick<ModelConfig, 'ropeDims' | 'ropeBase' | 'ropeScaling'>;

/** RoPE as the metadata describes it. Keys and defaults: llama.cpp src/llama-model.cpp. */
export function ropeOf(metadata: Metadata, arch: string, headDim: number): Rope {
  const ropeDims = metadata.count(`${arch}.rope.dimension_count`, 2, headDim, headDim);
  if (ropeDims % 2 !== 0) {
    throw badModel(`RoPE turns ${ropeDims} dimensions; expected an even number`);
  }
  return { ropeDims, ropeBase: baseOf(metadata, arch), ropeScaling: scalingOf(metadata, arch) };
}

/** A base below its line's, the default for want of a key above all, is a conversion error. */
function baseOf(metadata: Metadata, arch: string): number {
  const key = `${arch}.rope.freq_base`;
  const base = metadata.real(key, 1, MAX_ROPE_BASE, DEFAULT_ROPE_BASE);
  const tokens = metadata.strings('tokenizer.ggml.tokens')?.length ?? 0;
  const line = vocabularyLine(tokens);
  if (!line || base >= line.minRopeBase) return base;
  const found = metadata.has(key) ? `is ${base}` : `is absent, which means ${base}`;
  throw badModel(
    `"${key}" ${found}, and the ${tokens} entries of the vocabulary are ${line.name}’s, whose models ` +
      `have ${line.minRopeBase} or more; convert the model again`,
  );
}

/** Positions of the training that YaRN stretched, by `factor`, to the context the model has. */
function originalContextOf(metadata: Metadata, arch: string, factor: number): number {
  const key = `${arch}.rope.scaling.original_context_length`;
  const context = metadata.count(`${arch}.context_length`, 1, MAX_CONTEXT);
  const original = metadata.count(key, 1, MAX_CONTEXT, context);
  if (original <= context && context <= original * factor * ROUNDED) return original;
  throw badModel(
    `"${key}" is ${original}, and "${arch}.context_length" is ${context}: YaRN by ${factor} does not ` +
      'stretch one to the other; convert the model again',
  );
}

function scalingOf(metadata: Metadata, arch: string): RopeScaling {
  const at = (name: string) => `${arch}.rope.scaling.${name}`;
  const real = (name: string, absent: number) =>
    metadata.real(at(name), 1 / MAX_FACTOR, MAX_FACTOR, absent);
  const kind = metadata.text(at('type')) ?? 'linear';
  // A factor of 0 means none; older files have another key for it.
  const stated = metadata.real(at('factor'), 0, MAX_FACTOR, 0);
  const factor = stated || metadata.real(`${arch}.rope.scale_linear`, 0, MAX_FACTOR, 0) || 1;
  if (kind === 'none' || (kind === 'linear' && factor === 1)) return NO_SCALING;
  if (kind === 'linear') return { ...NO_SCALING, kind, factor };
  if (kind !== 'yarn') {
    throw unsupported(
      `RoPE scaling "${kind.slice(0, 80)}" by ${factor} is not run; expected none, linear or yarn`,
    );
  }
  return {
    kind,
    factor,
    originalContext: originalContextOf(metadata, arch, factor),
    attentionFactor: real('attn_factor', 1) * real('yarn_attn_factor', 1),
    betaFast: real('yarn_beta_fast', 32),
    betaSlow: real('yarn_beta_slow', 1),
    extFactor: metadata.real(at('yarn_ext_factor'), 0, 1, 1),
  };
}
