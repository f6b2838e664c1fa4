// The same logits by every kernel: what Node and a lab worker do alike.
import {
  bytesSource,
  choosePicks,
  encodeConfig,
  type ForcedKernels,
  forcedPicks,
  kernelNeeds,
  kernelsOf,
  loadTensors,
  type ModelPlan,
  type PlanOptions,
  planModel,
  readGguf,
  type TensorKernels,
  tensorKernels,
} from '@pocketbit/core';
import type * as Glue from '../../packages/web/wasm/glue.js';
import { sha256 } from './measure.ts';

/** The glue, bound to an artifact. */
type Bound = Pick<typeof Glue, 'Engine' | 'kernelNames'>;

/** Hash of the logits by the kernels that were forced: `ternary lookup packed16`. */
export type HashesByKernels = Record<string, string>;

/**
 * Runs the model once by the artifact's own kernels and once by each pair of kernels of each of its families. The logits
 * are those after all of `ids` at once, then those after every id one by one.
 */
export async function hashesByKernels(
  bound: Bound,
  file: Uint8Array,
  ids: readonly number[],
  options: PlanOptions,
): Promise<HashesByKernels> {
  const plan = planModel(await readGguf(bytesSource(file)), options);
  const hashes: HashesByKernels = { default: await hashOf(bound, file, plan, ids, {}) };
  for (const family of new Set(kernelNeeds(plan).map((need) => need.family))) {
    for (const gemv of kernelsOf(bound.kernelNames, family, 1)) {
      for (const gemm of kernelsOf(bound.kernelNames, family, ids.length)) {
        const forced: ForcedKernels = { [family]: { gemv, gemm } };
        hashes[`${family} ${gemv} ${gemm}`] = await hashOf(bound, file, plan, ids, forced);
      }
    }
  }
  return hashes;
}

async function hashOf(
  { Engine, kernelNames }: Bound,
  file: Uint8Array,
  plan: ModelPlan,
  ids: readonly number[],
  forced: ForcedKernels,
): Promise<string> {
  const engine = new Engine(encodeConfig(plan.config));
  try {
    choosePicks(engine, forcedPicks(forced, kernelNames));
    await loadTensors(plan, bytesSource(file), engine);
    checkServed(tensorKernels(plan, engine.profile()), forced);
    return await sha256(logitsBothWays(engine, ids));
  } finally {
    engine.free();
  }
}

/** A choice that reached no matrix would make every hash right. */
function checkServed(tensors: readonly TensorKernels[], forced: ForcedKernels): void {
  for (const [family, { gemv }] of Object.entries(forced)) {
    const own = tensors.filter((tensor) => tensor.family === family);
    const other = own.find((tensor) => tensor.gemv !== gemv);
    if (own.length > 0 && !other) continue;
    throw new Error(`${gemv} of ${family} was forced; ${other?.gemv ?? 'no matrix'} was served`);
  }
}

/** [1 + ids][vocab]: prefill's last row, then decode's. */
function logitsBothWays(engine: Glue.Engine, ids: readonly number[]): Float32Array {
  engine.forward(Uint32Array.from(ids));
  const rows = [engine.logits()];
  engine.truncate(0);
  for (const id of ids) {
    engine.forward(Uint32Array.of(id));
    rows.push(engine.logits());
  }
  const vocab = rows[0]!.length;
  const all = new Float32Array(rows.length * vocab);
  for (const [i, row] of rows.entries()) all.set(row, i * vocab);
  return all;
}
