import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { nodeLogits } from '../../tests/support/engine.ts';
import { root } from '../../tests/support/paths.ts';
import { bounded, type Check, type Figure } from '../lib/report.ts';

/** Written by `python -m training.reference.transformers_golden`. */
interface Golden {
  model: string;
  /** The transformers class. */
  class: string;
  ids: number[];
  vocabSize: number;
  /** What int8 inputs cost in logits (rms) with a scale per 32 and per 128 channels. */
  activationError: { per32: number; per128: number };
  /** Base64 of little-endian float32: the last positions `[n][vocab]`. */
  logits: string;
}

const MIN_GAP = 0.5;
const folder = join(root, 'tests/fixtures/families');

export const transformers: Check = {
  title: 'logits against Hugging Face transformers (float32) on the same random weights',
  async run({ note }) {
    const figures: Figure[] = [];
    for (const name of readdirSync(folder).filter((file) => file.endsWith('.golden.json'))) {
      const golden: Golden = JSON.parse(readFileSync(join(folder, name), 'utf8'));
      figures.push(...(await compare(golden)));
      const { per32, per128 } = golden.activationError;
      note(
        `${golden.model}: int8 inputs cost rms ${per128.toFixed(4)} per 128 channels, ${per32.toFixed(4)} per 32`,
      );
    }
    return figures;
  },
};

async function compare(golden: Golden): Promise<Figure[]> {
  const { model, ids, vocabSize } = golden;
  const bytes = Uint8Array.from(Buffer.from(golden.logits, 'base64'));
  const wanted = new Float32Array(bytes.buffer);
  const options = { kv: 'f32', head: 'int8' } as const;
  const all = await nodeLogits('simd128', join(folder, model), ids, options);
  const found = all.slice(-wanted.length);
  const rms = rmsOf(found.map((logit, i) => logit - wanted[i]!));
  const label = `${model} (${golden.class})`;
  const positions = Array.from({ length: wanted.length / vocabSize }, (_, i) => i * vocabSize);
  const clear = positions.filter((at) => gap(wanted.subarray(at, at + vocabSize)) > MIN_GAP);
  const same = clear.filter(
    (at) => best(wanted.subarray(at, at + vocabSize)) === best(found.subarray(at, at + vocabSize)),
  );
  return [
    bounded(
      `${label}: rms on logits of deviation ${rmsOf(wanted).toFixed(2)}`,
      rms,
      { max: 0.12 },
      (value) => value.toFixed(4),
    ),
    {
      label: `${label}: greedy tokens whose top-2 gap exceeds ${MIN_GAP}`,
      value: `${same.length} of ${clear.length} the same`,
      target: 'all',
      pass: same.length === clear.length,
    },
  ];
}

function rmsOf(values: Float32Array): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
}

function best(logits: Float32Array): number {
  return logits.indexOf(Math.max(...logits));
}

function gap(logits: Float32Array): number {
  const [first = 0, second = 0] = [...logits].sort((a, b) => b - a);
  return first - second;
}
