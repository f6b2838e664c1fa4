import { readFileSync } from 'node:fs';
import { bytesSource, planModel, readGguf } from '@pocketbit/core';
import { sizePlan } from '@pocketbit/engine';
import { bindEngine, freshEngine } from '../../tests/support/engine.ts';
import { startSite } from '../../tests/support/serve.ts';
import { buildLab } from '../lab/build.ts';
import { engineOf } from '../lib/engine.ts';
import { bounded, type Check, type Figure } from '../lib/report.ts';
import { workloadOf } from '../speed/models.ts';
import { blankPeak, peaksOf } from './peaks.ts';

const MODELS = ['125m-tq2_0', '350m-q1_0', '1.3b-tq2_0'];
const CONTEXT = 2048;
const WASM_SHARE = 1.05;
/** Stack, constants and what the allocator rounds up: the figure of ARCHITECTURE.md. */
const FIXED_BYTES = 2 * 2 ** 20;
const PROCESS_SHARE = 1.25;
const PROCESS_FIXED = 64e6;
const ROUNDS = 5;

const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;

export const memory: Check = {
  title: `memory while a model is downloaded, stored and packed, a context of ${CONTEXT}`,
  async run({ note }) {
    await buildLab();
    const figures: Figure[] = [];
    for (const model of MODELS) figures.push(await wasmFigure(model));
    const site = await startSite();
    try {
      const blank = await blankPeak(site, 'private');
      note(`a blank page's renderer: ${megabytes(blank)} private`);
      for (const model of MODELS) figures.push(await processFigure(model, site, blank, note));
    } finally {
      await site.kill();
    }
    return figures;
  },
};

async function planOf(model: string) {
  const { file } = await workloadOf(model);
  const source = bytesSource(readFileSync(file));
  const planned = planModel(await readGguf(source), { contextLength: CONTEXT });
  return { source, plan: sizePlan(await bindEngine('simd128'), planned) };
}

/** WebAssembly memory never shrinks: what it is after the load is the most it was. */
async function wasmFigure(model: string): Promise<Figure> {
  const { source, plan } = await planOf(model);
  const { glue, memory: wasm } = await freshEngine('simd128', `load-${model}`);
  await engineOf(glue, plan, source);
  const { weightBytes, kvBytes, scratchBytes } = plan;
  const max = WASM_SHARE * weightBytes + kvBytes + scratchBytes + FIXED_BYTES;
  return bounded(`${model}, WebAssembly`, wasm.buffer.byteLength, { max }, megabytes);
}

async function processFigure(
  model: string,
  site: Awaited<ReturnType<typeof startSite>>,
  blank: number,
  note: (text: string) => void,
): Promise<Figure> {
  const { plan } = await planOf(model);
  const { pocketbit = Number.NaN } = await peaksOf(site, model, {
    engines: ['pocketbit'],
    rounds: ROUNDS,
    blank,
    measure: 'private',
  });
  const { weightBytes, kvBytes } = plan;
  note(`${model}: ${megabytes(weightBytes)} weights, ${megabytes(kvBytes)} KV`);
  const max = PROCESS_SHARE * weightBytes + PROCESS_FIXED;
  return bounded(
    `${model}, renderer's private memory above a blank page's, median of ${ROUNDS}`,
    pocketbit,
    { max },
    megabytes,
  );
}
