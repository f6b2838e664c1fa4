import { badModel, PocketbitError, unsupported } from '../errors.ts';
import type { GgufHeader } from '../gguf/header.ts';
import type { TensorInfo } from '../gguf/tensors.ts';
import {
  F32,
  type KernelFamily,
  Q1_0,
  type Scheme,
  type TensorType,
  typeName,
  typeNames,
  typeOf,
} from '../gguf/types.ts';
import { tokenizerBytes } from '../tokenizer/size.ts';
import { configOf, type PlanOptions } from './architecture.ts';
import type { ModelConfig } from './config.ts';
import { architectureOf } from './families.ts';
import { MAX_WEIGHTS } from './limits.ts';
import { Metadata } from './metadata.ts';
import { type ExpectedTensor, expectedTensors } from './tensors.ts';

/** A tensor of the file as the engine takes it. */
export interface PlannedTensor {
  readonly name: string;
  /** The name without its layer. */
  readonly slot: string;
  /** 0 for the tensors that belong to no layer. */
  readonly layer: number;
  /** GGUF type id, or the engine's own: 142 for Q2_0 with 128 weights a block. */
  readonly type: number;
  /** 1 for a vector. */
  readonly rows: number;
  /** Elements of a row. */
  readonly k: number;
  /** Byte offset in the file. */
  readonly offset: number;
  /** Bytes in the file. */
  readonly bytes: number;
  /** Which kernels multiply by it; null for what is no matrix of a product. */
  readonly family: KernelFamily | null;
}

/** How a file becomes a running engine, known before any weight is fetched. */
export interface ModelPlan {
  readonly architecture: string;
  /** `general.name`, or the architecture where the file has no name. */
  readonly name: string;
  readonly config: ModelConfig;
  readonly scheme: Scheme;
  /** In file order. */
  readonly tensors: readonly PlannedTensor[];
  /** Weights of the model, each counted once. */
  readonly parameters: number;
  /** Bytes of the tokenizer's tables, which JavaScript holds beside the engine. */
  readonly tokenizerBytes: number;
}

/**
 * Checks that the header describes a model this build runs, whole and with consistent shapes.
 * Throws `unsupported` for what is not run, `bad-model` for what contradicts itself, `does-not-fit`
 * for a tensor that no wasm32 memory holds.
 */
export function planModel(header: GgufHeader, options: PlanOptions = {}): ModelPlan {
  const metadata = new Metadata(header.metadata);
  const architecture = architectureOf(header, metadata);
  const config = configOf(header, metadata, architecture, options);
  checkVocabulary(metadata, config.vocab);
  const matched = matchTensors(header, config);
  return {
    architecture,
    name: metadata.text('general.name')?.slice(0, MAX_NAME) ?? architecture,
    config,
    scheme: schemeOf(matched, config),
    tensors: matched.map((tensor) => plannedTensor(tensor, config)),
    parameters: header.tensors.reduce((sum, tensor) => sum + tensor.elements, 0),
    tokenizerBytes: tokenizerBytes(header),
  };
}

/** UTF-16 units of a model's name that are shown. */
const MAX_NAME = 256;

function refuseHuge({ name, elements }: TensorInfo): void {
  if (elements < MAX_WEIGHTS) return;
  throw new PocketbitError(
    'does-not-fit',
    `the tensor "${name}" has ${elements} weights; WebAssembly holds fewer than ${MAX_WEIGHTS} ` +
      'in one; choose a smaller model',
  );
}

interface Matched {
  readonly tensor: TensorInfo;
  readonly expected: ExpectedTensor;
}

function matchTensors(header: GgufHeader, config: ModelConfig): Matched[] {
  const byName = new Map(expectedTensors(config).map((expected) => [expected.name, expected]));
  const matched = header.tensors.map((tensor) => {
    const expected = byName.get(tensor.name);
    if (!expected) throw unknownTensor(tensor.name);
    byName.delete(tensor.name);
    checkShape(tensor, expected);
    refuseHuge(tensor);
    checkType(tensor, expected, config);
    return { tensor, expected };
  });
  const missing = [...byName.values()].filter((expected) => !expected.optional);
  if (missing.length > 0) {
    const more = missing.length > 1 ? ` and ${missing.length - 1} more` : '';
    throw badModel(`the tensor "${missing[0]!.name}"${more} is missing`);
  }
  return matched;
}

/** By the type of most linear weights. */
function schemeOf(matched: readonly Matched[], config: ModelConfig): Scheme {
  if (config.activationBits === 1) return 'W1A1';
  const weights = new Map<Scheme, number>();
  for (const { expected, tensor } of matched) {
    if (expected.kind !== 'linear') continue;
    const scheme = typeOf(tensor).scheme!;
    weights.set(scheme, (weights.get(scheme) ?? 0) + tensor.elements);
  }
  return [...weights].sort((a, b) => b[1] - a[1])[0]![0];
}

function plannedTensor({ tensor, expected }: Matched, config: ModelConfig): PlannedTensor {
  const [k = 0, rows = 1] = expected.shape;
  const { slot, layer } = expected;
  const { name, offset, bytes } = tensor;
  const format = typeOf(tensor);
  const type = format.engineId ?? tensor.type;
  const family = familyOf(format, expected, config);
  return { name, slot, layer, type, rows, k, offset, bytes, family };
}

/** By type alone: TQ and Q2_0 weights with one scale after all become `ternary`, with several `twoBit`. */
function familyOf(
  { role, family = 'int8' }: TensorType,
  { kind, slot }: ExpectedTensor,
  config: ModelConfig,
): KernelFamily | null {
  if (kind === 'linear') return config.activationBits === 1 ? 'binary' : family;
  const isHead = kind === 'embedding' && (config.tied || slot === 'output.weight');
  if (!isHead) return null;
  if (role === 'packed') return family;
  return config.head === 'f32' ? null : config.head;
}

function unknownTensor(name: string) {
  return unsupported(
    `the tensor "${name}" is not known: the architecture has no place for it; ` +
      'use a conversion of the plain model',
  );
}

/** Token ids index the embedding, so it has a row for each; more rows are padding. */
function checkVocabulary(metadata: Metadata, rows: number): void {
  const entries = metadata.strings('tokenizer.ggml.tokens')?.length ?? 0;
  if (entries <= rows) return;
  throw badModel(`the vocabulary has ${entries} entries, and the embedding only ${rows} rows`);
}

function checkShape(tensor: TensorInfo, expected: ExpectedTensor): void {
  const found = tensor.shape.slice();
  // Trailing extents of 1 say nothing: some writers give every tensor the same number of dimensions.
  while (found.length > expected.shape.length && found.at(-1) === 1) found.pop();
  const { shape } = expected;
  if (found.length === shape.length && found.every((n, i) => n === shape[i])) return;
  throw badModel(
    `the tensor "${tensor.name}" has the shape [${tensor.shape}]; the metadata asks for [${shape}]`,
  );
}

function checkType(tensor: TensorInfo, expected: ExpectedTensor, config: ModelConfig): void {
  const allowed = allowedTypes(expected, config);
  if (allowed.includes(tensor.typeName)) return;
  const { refusal } = typeOf(tensor);
  const found = `the tensor "${tensor.name}" has the type ${tensor.typeName}; expected ${allowed.join(', ')}`;
  throw refusal ? badModel(`${found}: ${refusal}`) : unsupported(found);
}

/** Names of the types that a tensor of this kind may have. */
function allowedTypes({ kind }: ExpectedTensor, config: ModelConfig): readonly string[] {
  if (kind === 'vector') return typeNames('float');
  if (kind === 'multiplier' || kind === 'frequencies') return [typeName(F32)];
  if (kind === 'linear' && config.activationBits === 1) return [typeName(Q1_0)];
  return typeNames('packed', 'float', 'rows');
}
