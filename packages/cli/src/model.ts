import {
  type ByteSource,
  createTokenizer,
  type GgufHeader,
  HEAD_FORMATS,
  KV_FORMATS,
  type PlanOptions,
  planModel,
  readGguf,
  readGgufShards,
  shardNames,
  type Tokenizer,
} from '@pocketbit/core';
import {
  ARTIFACTS,
  type Artifact,
  type Engine,
  type ForcedKernels,
  forcedPicks,
  openEngine,
  type SizedPlan,
  sizePlan,
} from '@pocketbit/engine';
import { choiceOption, integerOption, type Options, UsageError, type Values } from './command.ts';
import { loadEngine } from './engine.ts';
import { FileSource } from './file-source.ts';

/** The options of every command that runs a model. */
export const MODEL_OPTIONS = {
  artifact: { type: 'string' },
  context: { type: 'string' },
  kv: { type: 'string' },
  head: { type: 'string' },
  kernels: { type: 'string' },
} as const satisfies Options;

const MAX_CONTEXT = 2 ** 24;

/** A model ready to run. */
export interface LoadedModel {
  readonly header: GgufHeader;
  readonly plan: SizedPlan;
  readonly engine: Engine;
  readonly artifact: Artifact;
}

/**
 * Reads a file's header and hands it on with the open file. The path of any shard of a split model
 * opens all of them.
 */
export async function withHeader<T>(
  path: string,
  use: (header: GgufHeader, source: ByteSource) => Promise<T>,
): Promise<T> {
  const files: FileSource[] = [];
  try {
    for (const part of shardNames(path) ?? [path]) files.push(await FileSource.open(part));
    const { header, source } =
      files.length === 1
        ? { header: await readGguf(files[0]!), source: files[0]! }
        : await readGgufShards(files);
    return await use(header, source);
  } finally {
    for (const file of files) await file.close();
  }
}

/** Loads a file into a fresh engine by the options a user gave, over a command's own defaults. */
export function loadModel(
  path: string,
  values: Values,
  defaults: PlanOptions = {},
): Promise<LoadedModel> {
  const options = {
    contextLength: integerOption(values, 'context', 1, MAX_CONTEXT),
    kv: choiceOption(values, 'kv', KV_FORMATS) ?? defaults.kv,
    head: choiceOption(values, 'head', HEAD_FORMATS) ?? defaults.head,
  };
  const artifact = choiceOption(values, 'artifact', ARTIFACTS) ?? 'simd128';
  const kernels = forcedKernels(values);
  return withHeader(path, async (header, source) => {
    const planned = planModel(header, options);
    const exports = await loadEngine(artifact);
    const plan = sizePlan(exports, planned);
    const picks = forcedPicks(kernels, exports.kernelNames);
    const engine = await openEngine(exports, plan, source, { picks });
    return { header, plan, engine, artifact };
  });
}

/** `--kernels ternary=lookup/packed16,int8=widening`: by family, for one token and for several. */
function forcedKernels({ kernels }: Values): ForcedKernels {
  if (typeof kernels !== 'string') return {};
  const pairs = kernels.split(',').map((part) => {
    const [, family, gemv, gemm] = /^(\w+)=(\w+)(?:\/(\w+))?$/.exec(part) ?? [];
    if (family && gemv) return [family, { gemv, ...(gemm && { gemm }) }];
    throw new UsageError(`--kernels has ${JSON.stringify(part)}; expected FAMILY=GEMV/GEMM`);
  });
  return Object.fromEntries(pairs);
}

/** The tokenizer of a file. */
export function loadTokenizer(path: string): Promise<Tokenizer> {
  return withHeader(path, async (header) => createTokenizer(header));
}
