// An engine in tests and tools, in Node and in a page's worker alike; the environment gives the glue and the bytes.
import {
  type ByteSource,
  bytesSource,
  type ModelPlan,
  type PlanOptions,
  planModel,
  readGguf,
} from '@pocketbit/core';
import {
  type Engine,
  type EngineExports,
  type ForcedKernels,
  forcedPicks,
  kernelNeeds,
  logitsAfter,
  logitsOfEach,
  openEngine as openPlanned,
  sizePlan,
  type TensorKernels,
  tensorKernels,
} from '@pocketbit/engine';

export {
  type Artifact,
  copyContext,
  type Engine,
  type EngineExports,
  forward,
  logitsAfter,
} from '@pocketbit/engine';

/** f32 KV and int8 head, as the reference's golden logits. */
export const REFERENCE: PlanOptions = { kv: 'f32', head: 'int8' };

/** The engine of a plan, filled with its weights, by the kernels that are forced. */
export async function engineOf(
  exports: EngineExports,
  plan: ModelPlan,
  source: ByteSource,
  kernels: ForcedKernels = {},
): Promise<Engine> {
  const picks = forcedPicks(kernels, exports.kernelNames);
  return openPlanned(exports, sizePlan(exports, plan), source, { picks });
}

/** An engine filled from a whole GGUF file in memory. */
export async function openEngine(
  exports: EngineExports,
  file: Uint8Array,
  options: PlanOptions = REFERENCE,
): Promise<Engine> {
  const source = bytesSource(file);
  return engineOf(exports, planModel(await readGguf(source), options), source);
}

/** The logits behind every id, decoded one by one: [ids][vocab], one after the other. */
export function logitsOf(engine: Engine, ids: readonly number[]): Float32Array {
  return joined(logitsOfEach(engine, ids));
}

function joined(rows: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(rows.reduce((sum, row) => sum + row.length, 0));
  let at = 0;
  for (const row of rows) {
    all.set(row, at);
    at += row.length;
  }
  return all;
}

/** SHA-256 of floats as little-endian bytes, lower-case hex. */
export async function sha256(floats: Float32Array): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', floats as Float32Array<ArrayBuffer>);
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Hash of the logits by the kernels that were forced: `ternary lookup packed16`. */
export type HashesByKernels = Record<string, string>;

/**
 * Runs the model once by the artifact's own kernels and once by each pair of kernels of each of its families. The logits
 * are those after all of `ids` at once, then those after every id one by one.
 */
export async function hashesByKernels(
  exports: EngineExports,
  file: Uint8Array,
  ids: readonly number[],
  options: PlanOptions,
): Promise<HashesByKernels> {
  const source = bytesSource(file);
  const plan = planModel(await readGguf(source), options);
  const hashBy = async (forced: ForcedKernels) => {
    const engine = await engineOf(exports, plan, source, forced);
    checkServed(tensorKernels(plan, engine), forced);
    const hash = await sha256(joined([logitsAfter(engine, ids), logitsOf(engine, ids)]));
    engine.free();
    return hash;
  };
  const hashes: HashesByKernels = { default: await hashBy({}) };
  for (const family of new Set(kernelNeeds(plan).map((need) => need.family))) {
    for (const gemv of exports.kernelNames(family, 1)) {
      for (const gemm of exports.kernelNames(family, ids.length)) {
        hashes[`${family} ${gemv} ${gemm}`] = await hashBy({ [family]: { gemv, gemm } });
      }
    }
  }
  return hashes;
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
