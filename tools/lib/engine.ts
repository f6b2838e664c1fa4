// An engine in tests and tools, in Node and in a page's worker alike; the environment gives the glue and the bytes.
import {
  type ByteSource,
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

export type Artifact = 'scalar' | 'simd128' | 'relaxed';
export type Engine = Glue.Engine;

/** The glue, bound to an artifact. */
export type Bound = Pick<typeof Glue, 'Engine' | 'kernelNames'>;

/** f32 KV and int8 head, as the reference's golden logits. */
export const REFERENCE: PlanOptions = { kv: 'f32', head: 'int8' };

/** The engine of a plan, filled with its weights; freed where they are refused. */
export async function engineOf(
  { Engine, kernelNames }: Bound,
  plan: ModelPlan,
  source: ByteSource,
  kernels: ForcedKernels = {},
): Promise<Engine> {
  const engine = new Engine(encodeConfig(plan.config));
  try {
    choosePicks(engine, forcedPicks(kernels, kernelNames));
    await loadTensors(plan, source, engine);
    return engine;
  } catch (error) {
    engine.free();
    throw error;
  }
}

/** An engine filled from a whole GGUF file in memory. */
export async function openEngine(
  bound: Bound,
  file: Uint8Array,
  options: PlanOptions = REFERENCE,
): Promise<Engine> {
  const source = bytesSource(file);
  return engineOf(bound, planModel(await readGguf(source), options), source);
}

/** Appends ids to the context, at most `slice` at a time. */
export function forward(engine: Engine, ids: readonly number[], slice = ids.length): Engine {
  for (let at = 0; at < ids.length; at += slice)
    engine.forward(Uint32Array.from(ids.slice(at, at + slice)));
  return engine;
}

/** The logits [vocab] behind all of `ids` from an empty context. */
export function logitsAfter(engine: Engine, ids: readonly number[]): Float32Array {
  engine.truncate(0);
  return forward(engine, ids).logits();
}

/** The logits behind every id, decoded one by one: [ids][vocab], one after the other. */
export function logitsOf(engine: Engine, ids: readonly number[]): Float32Array {
  engine.truncate(0);
  return joined(ids.map((id) => forward(engine, [id]).logits()));
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

/** Ids after `prompt` by greedy choice, until one of `stops` or `most` of them. */
export function greedy(
  engine: Engine,
  prompt: readonly number[],
  stops: ReadonlySet<number>,
  most: number,
): number[] {
  engine.truncate(0);
  engine.setSampler(Float64Array.of(0, 0, 0, 1, 0, 1, 64));
  forward(engine, prompt);
  const ids: number[] = [];
  while (ids.length < most) {
    const id = engine.sample();
    if (stops.has(id)) break;
    ids.push(id);
    forward(engine, [id]);
  }
  return ids;
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
  bound: Bound,
  file: Uint8Array,
  ids: readonly number[],
  options: PlanOptions,
): Promise<HashesByKernels> {
  const source = bytesSource(file);
  const plan = planModel(await readGguf(source), options);
  const hashBy = async (forced: ForcedKernels) => {
    const engine = await engineOf(bound, plan, source, forced);
    checkServed(tensorKernels(plan, engine.profile()), forced);
    const hash = await sha256(joined([logitsAfter(engine, ids), logitsOf(engine, ids)]));
    engine.free();
    return hash;
  };
  const hashes: HashesByKernels = { default: await hashBy({}) };
  for (const family of new Set(kernelNeeds(plan).map((need) => need.family))) {
    for (const gemv of kernelsOf(bound.kernelNames, family, 1)) {
      for (const gemm of kernelsOf(bound.kernelNames, family, ids.length)) {
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
