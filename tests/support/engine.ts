// The engine in Node, over the same .wasm as the browser.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  bytesSource,
  createChat,
  createTokenizer,
  type PlanOptions,
  planModel,
  readGguf,
} from '@pocketbit/core';
import { sampleIds, sizePlan } from '@pocketbit/engine';
import type * as Glue from '../../packages/web/wasm/glue.js';
import {
  type Artifact,
  engineOf,
  hashesByKernels,
  logitsOf,
  openEngine,
  sha256,
} from '../../tools/lib/engine.ts';
import { wasmFolder } from './paths.ts';

/** The glue, bound to one artifact. */
export async function bindEngine(artifact: Artifact): Promise<typeof Glue> {
  return (await freshEngine(artifact)).glue;
}

/** An instance that shares its memory with no other of this process; `name` tells them apart. */
export async function freshEngine(
  artifact: Artifact,
  name = '',
): Promise<{ glue: typeof Glue; memory: { readonly buffer: ArrayBufferLike } }> {
  const address = pathToFileURL(join(wasmFolder, 'glue.js'));
  const glue: typeof Glue = await import(`${address.href}?${artifact}${name}`);
  const module = readFileSync(join(wasmFolder, `${artifact}.wasm`));
  const { memory } = glue.initSync({ module });
  return { glue, memory };
}

/** The logits behind every id, in this Node: [ids][vocab]. */
export async function nodeLogits(
  artifact: Artifact,
  file: string,
  ids: number[],
  options: PlanOptions,
): Promise<Float32Array> {
  return logitsOf(await openEngine(await bindEngine(artifact), readFileSync(file), options), ids);
}

/** SHA-256 of those logits. */
export async function nodeLogitsHash(...run: Parameters<typeof nodeLogits>): Promise<string> {
  return sha256(await nodeLogits(...run));
}

/** The hash that every pair of kernels must give: the specification's, in this Node. */
export async function nodeDefaultHash(
  file: string,
  ids: readonly number[],
  options: PlanOptions,
): Promise<string> {
  const scalar = await bindEngine('scalar');
  return (await hashesByKernels(scalar, readFileSync(file), ids, options)).default!;
}

/** What the assistant must answer to one user message: int8 KV cache, greedy. Ids without the one that ends the turn. */
export async function expectedAnswer(file: string, message: string, max = 512): Promise<number[]> {
  const bytes = readFileSync(file);
  const header = await readGguf(bytesSource(bytes));
  const tokenizer = createTokenizer(header);
  const prompt = createChat(header, tokenizer).encode([{ role: 'user', content: message }]);
  const exports = await bindEngine('simd128');
  const plan = sizePlan(exports, planModel(header, { kv: 'int8', head: 'int8' }));
  const engine = await engineOf(exports, plan, bytesSource(bytes));
  return sampleIds(engine, plan, prompt, tokenizer.stopIds, { maxTokens: max });
}
