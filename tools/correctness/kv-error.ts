import { readFileSync } from 'node:fs';
import { bytesSource, type KvFormat, type ModelConfig, planModel, readGguf } from '@pocketbit/core';
import { bindEngine } from '../../tests/support/engine.ts';
import { hashRuns } from '../../tests/support/hash-runs.ts';
import { type Engine, logitsOf, openEngine } from '../lib/engine.ts';
import { bounded, type Check, type Figure } from '../lib/report.ts';

const TRAINED = 'pocketbit-actions';
const MODELS = ['tiny-tq2', 'tiny-w1a1', TRAINED];

/** A share of the logits' deviation that no answer shows. */
const SMALL_ERROR = 0.03;

export const kvError: Check = {
  title: 'logit error of a quantised KV cache against f32, rms over deviation',
  async run({ note }) {
    const figures: Figure[] = [];
    for (const run of hashRuns('f32').filter(({ name }) => MODELS.includes(name))) {
      const file = readFileSync(run.file);
      const exact = logitsOf(await open(file, 'f32'), run.ids);
      for (const kv of ['int8', 'int4'] as const) {
        const share = error(logitsOf(await open(file, kv), run.ids), exact);
        if (run.name === TRAINED) figures.push(await errorFigure(kv, share, file));
        else note(`${run.name}, random weights, which magnify any error: ${kv} ${percent(share)}`);
      }
    }
    return figures;
  },
};

async function open(file: Uint8Array, kv: KvFormat): Promise<Engine> {
  return openEngine(await bindEngine('simd128'), file, { kv, head: 'int8' });
}

async function configOf(file: Uint8Array): Promise<ModelConfig> {
  return planModel(await readGguf(bytesSource(file))).config;
}

/** Root mean square of the difference over the deviation of what is exact. */
function error(found: Float32Array, exact: Float32Array): number {
  const mean = exact.reduce((sum, x) => sum + x, 0) / exact.length;
  const spread = exact.reduce((sum, x) => sum + (x - mean) ** 2, 0);
  return Math.sqrt(found.reduce((sum, x, i) => sum + (x - exact[i]!) ** 2, 0) / spread);
}

/** int8 must be small; int4 is the default where it is small, and only there. */
async function errorFigure(kv: 'int8' | 'int4', share: number, file: Uint8Array): Promise<Figure> {
  const label = `${TRAINED}, ${kv}`;
  if (kv === 'int8') return bounded(label, share, { max: SMALL_ERROR }, percent);
  const { kv: standard } = await configOf(file);
  return {
    label,
    value: `${percent(share)}, the default is ${standard}`,
    target: `the default where ≤ ${percent(SMALL_ERROR)}, else a choice`,
    pass: share <= SMALL_ERROR === (standard === 'int4'),
  };
}

const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
