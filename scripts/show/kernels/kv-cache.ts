import { readFileSync } from 'node:fs';
import {
  bytesSource,
  KV_FORMATS,
  type KvFormat,
  type ModelConfig,
  planModel,
  readGguf,
} from '@pocketbit/core';
import type { Engine } from '../../../packages/web/wasm/glue.js';
import { type Artifact, logitsOf, openEngine, sha256 } from '../../../tests/lab/measure.ts';
import { bindEngine } from '../../../tests/support/engine.ts';
import { hashRuns } from '../../../tests/support/hash-runs.ts';
import { bounded, type Check, type Figure } from '../report.ts';

/** Beyond one chunk of attention's 256 positions. */
const IDS = Uint32Array.from({ length: 300 }, (_, i) => (i * i * 7 + i * 13 + 5) % 300);
const SLICES = [1, 7, 16, 64, 128];
const KEPT = [61, 200];
const TRAINED = 'pocketbit-actions';
const MODELS = ['tiny-tq2', 'tiny-w1a1', TRAINED];

/** A share of the logits' deviation that no answer shows. */
const SMALL_ERROR = 0.03;

export const sameContext: Check = {
  title: 'logits bytes by slices, a kept prefix and a restored context, at each KV type',
  async run() {
    const figures: Figure[] = [];
    for (const { name, file } of runsOf('f32')) {
      for (const kv of KV_FORMATS) figures.push(await sameLogits(name, readFileSync(file), kv));
    }
    return figures;
  },
};

export const kvError: Check = {
  title: 'logit error of a quantised KV cache against f32, rms over deviation',
  async run({ note }) {
    const figures: Figure[] = [];
    for (const run of runsOf('f32')) {
      const file = readFileSync(run.file);
      const exact = logitsOf(await open('simd128', file, 'f32'), run.ids);
      for (const kv of ['int8', 'int4'] as const) {
        const share = error(logitsOf(await open('simd128', file, kv), run.ids), exact);
        if (run.name === TRAINED) figures.push(await errorFigure(kv, share, file));
        else note(`${run.name}, random weights, which magnify any error: ${kv} ${percent(share)}`);
      }
    }
    return figures;
  },
};

function runsOf(kv: KvFormat) {
  return hashRuns(kv).filter(({ name }) => MODELS.includes(name));
}

async function open(artifact: Artifact, file: Uint8Array, kv: KvFormat): Promise<Engine> {
  const { Engine: EngineClass } = await bindEngine(artifact);
  return openEngine(EngineClass, file, { kv, head: 'int8' });
}

/** How many distinct bytes the last logits have over every way to the same context. */
async function sameLogits(name: string, file: Uint8Array, kv: KvFormat): Promise<Figure> {
  const engine = await open('simd128', file, kv);
  const most = Math.min(IDS.length, (await configOf(file)).context);
  const ids = IDS.subarray(0, most);
  const scalar = await open('scalar', file, kv);
  const found = [inSlices(scalar, ids, most)];
  for (const size of SLICES) found.push(inSlices(engine, ids, size));
  for (const kept of KEPT) found.push(afterAnother(engine, ids, Math.min(kept, most - 20)));
  found.push(restored(engine, await open('simd128', file, kv), ids));
  const distinct = new Set(await Promise.all(found.map(sha256)));
  return {
    label: `${name}, ${kv} KV, ${most} positions`,
    value: `${distinct.size} distinct bytes over ${found.length} ways`,
    target: '1',
    pass: distinct.size === 1,
  };
}

async function configOf(file: Uint8Array): Promise<ModelConfig> {
  return planModel(await readGguf(bytesSource(file))).config;
}

function inSlices(engine: Engine, ids: Uint32Array, size: number): Float32Array {
  engine.truncate(0);
  for (let at = 0; at < ids.length; at += size) engine.forward(ids.subarray(at, at + size));
  return engine.logits();
}

/** Another text of 20 ids after the prefix leaves its rows behind. */
function afterAnother(engine: Engine, ids: Uint32Array, kept: number): Float32Array {
  engine.truncate(0);
  engine.forward(ids.subarray(0, kept));
  engine.forward(new Uint32Array(20).fill(7));
  engine.truncate(kept);
  engine.forward(ids.subarray(kept));
  return engine.logits();
}

function restored(from: Engine, to: Engine, ids: Uint32Array): Float32Array {
  from.truncate(ids.length >> 1);
  to.restoreContext(from.saveContext());
  to.forward(ids.subarray(ids.length >> 1));
  return to.logits();
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
  if (kv === 'int8') return bounded(label, share, { most: SMALL_ERROR }, percent);
  const { kv: standard } = await configOf(file);
  return {
    label,
    value: `${percent(share)}, the default is ${standard}`,
    target: `the default where ≤ ${percent(SMALL_ERROR)}, else a choice`,
    pass: share <= SMALL_ERROR === (standard === 'int4'),
  };
}

const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
