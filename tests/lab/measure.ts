// What a lab worker and Node do alike with an engine; the environment gives the engine and the file's bytes.
import {
  bytesSource,
  encodeConfig,
  loadTensors,
  type PlanOptions,
  planModel,
  readGguf,
} from '@pocketbit/core';
import type { Engine } from '../../packages/web/wasm/glue.js';

export type Artifact = 'scalar' | 'simd128' | 'relaxed';

/** f32 KV and int8 head, as the reference's golden logits. */
export const REFERENCE: PlanOptions = { kv: 'f32', head: 'int8' };

/** An engine filled from a whole GGUF file in memory. */
export async function openEngine(
  EngineClass: typeof Engine,
  file: Uint8Array,
  options: PlanOptions = REFERENCE,
): Promise<Engine> {
  const source = bytesSource(file);
  const plan = planModel(await readGguf(source), options);
  const engine = new EngineClass(encodeConfig(plan.config));
  await loadTensors(plan, source, engine);
  return engine;
}

/** The logits behind every id, decoded one by one: [ids][vocab], one after the other. */
export function logitsOf(engine: Engine, ids: readonly number[]): Float32Array {
  engine.truncate(0);
  const rows = ids.map((id) => {
    engine.forward(Uint32Array.of(id));
    return engine.logits();
  });
  const vocab = rows[0]?.length ?? 0;
  const all = new Float32Array(rows.length * vocab);
  for (const [i, row] of rows.entries()) all.set(row, i * vocab);
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
  engine.forward(Uint32Array.from(prompt));
  const ids: number[] = [];
  while (ids.length < most) {
    const id = engine.sample();
    if (stops.has(id)) break;
    ids.push(id);
    engine.forward(Uint32Array.of(id));
  }
  return ids;
}

/** SHA-256 of floats as little-endian bytes, lower-case hex. */
export async function sha256(floats: Float32Array): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', floats as Float32Array<ArrayBuffer>);
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
