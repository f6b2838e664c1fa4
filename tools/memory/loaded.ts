import { readFileSync } from 'node:fs';
import { bytesSource, planModel, readGguf } from '@pocketbit/core';
import { KernelChooser, kernelNeeds, sizePlan } from '@pocketbit/engine';
import { freshEngine } from '../../tests/support/engine.ts';
import { engineOf, forward } from '../lib/engine.ts';
import { bounded, type Check, type Figure } from '../lib/report.ts';
import { workloadOf } from '../speed/models.ts';

const MODELS = ['125m-tq2_0', '350m-q1_0', '1.3b-w1a1', '1.3b-tq2_0'];
const CONTEXT = 2048;
const SHARE = 1.05;
/** Stack, constants and what the allocator rounds up: the figure of ARCHITECTURE.md. */
const FIXED_BYTES = 2 * 2 ** 20;

const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;

export const memory: Check = {
  title: `WebAssembly memory of a loaded model, its kernels timed before and after, a context of ${CONTEXT}, after a prompt`,
  async run({ note }) {
    const figures: Figure[] = [];
    for (const model of MODELS) figures.push(await figureOf(model, note));
    return figures;
  },
};

async function figureOf(model: string, note: (text: string) => void): Promise<Figure> {
  const { file } = await workloadOf(model);
  const source = bytesSource(readFileSync(file));
  const { glue, memory: wasm } = await freshEngine('simd128', model);
  const planned = planModel(await readGguf(source), { contextLength: CONTEXT });
  const plan = sizePlan(glue, planned);
  const watch = { now: () => performance.now(), pause: async () => {} };
  const chooser = await KernelChooser.open(glue, watch, null);
  await chooser.measure(kernelNeeds(plan), () => true);
  const engine = await engineOf(glue, plan, source);
  forward(engine, new Uint32Array(64));
  // As an idle worker does in its first loads.
  await chooser.measure(kernelNeeds(plan), () => true, 2);
  const { weightBytes, kvBytes, scratchBytes } = plan;
  note(
    `${model}: ${megabytes(weightBytes)} weights, ${megabytes(kvBytes)} KV, ${megabytes(scratchBytes)} scratch; ` +
      `the engine counts ${megabytes(engine.residentBytes)}`,
  );
  const max = SHARE * weightBytes + kvBytes + scratchBytes + FIXED_BYTES;
  return bounded(model, wasm.buffer.byteLength, { max }, megabytes);
}
