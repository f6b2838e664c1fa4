import { badModel, PocketbitError, unsupported } from '../errors.ts';
import type { GgufHeader } from '../gguf/header.ts';
import type { TensorInfo } from '../gguf/tensors.ts';
import {
  BF16,
  F16,
  F32,
  I2_S,
  Q1_0,
  Q2_0,
  Q2_0_G128,
  Q4_0,
  Q4_K,
  Q5_0,
  Q6_K,
  Q8_0,
  TQ1_0,
  TQ2_0,
  tensorType,
  typeName,
} from '../gguf/types.ts';
import type { KernelFamily } from '../kernels.ts';
import { tokenizerBytes } from '../tokenizer/size.ts';
import { configOf, type PlanOptions } from './architecture.ts';
import type { ModelConfig } from './config.ts';
import { architectureOf } from './families.ts';
import { MAX_WEIGHTS } from './limits.ts';
import { Metadata } from './metadata.ts';
import { isHead, kvCacheBytes, type Matrix, residentTensorBytes, scratchBytes } from './sizes.ts';
import { type Slot, slotsOf } from './slots.ts';

/** A tensor of the file with its place in the engine. */
export interface PlannedTensor {
  readonly name: string;
  /** Slot number of crates/wasm. */
  readonly slot: number;
  readonly layer: number;
  /** GGUF type id; 142 for Q2_0 with 128 weights a block. */
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

/** Bits of a weight and of an activation in the products of the linears. */
export type Scheme = 'W1A1' | 'W1A8' | 'W1.58A8' | 'W2A8' | 'W8A8';

/** How a file becomes a running engine, and what that costs, known before any weight is fetched. */
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
  /** Bytes of the packed weights. */
  readonly weightBytes: number;
  readonly kvBytes: number;
  readonly scratchBytes: number;
  /** The three above together: what the engine holds. */
  readonly residentBytes: number;
  /** Bytes of the tokenizer's tables, which JavaScript holds beside the engine. */
  readonly tokenizerBytes: number;
}

/**
 * Checks that the header describes a model this build runs, whole and with consistent shapes.
 * Throws `unsupported` for what is not run, `bad-model` for what contradicts itself, `does-not-fit`
 * for what no wasm32 memory holds.
 */
export function planModel(header: GgufHeader, options: PlanOptions = {}): ModelPlan {
  const metadata = new Metadata(header.metadata);
  const architecture = architectureOf(header, metadata);
  const config = configOf(header, metadata, architecture, options);
  checkVocabulary(metadata, config.vocab);
  const matched = matchTensors(header, slotsOf(config), config);
  const weightBytes = matched.reduce((sum, matrix) => sum + residentTensorBytes(matrix, config), 0);
  const kvBytes = kvCacheBytes(config);
  const scratch = scratchBytes(config, matched);
  const residentBytes = weightBytes + kvBytes + scratch;
  refuseOversized(residentBytes, config);
  return {
    architecture,
    name: metadata.text('general.name')?.slice(0, MAX_NAME) ?? architecture,
    config,
    scheme: schemeOf(matched, config),
    tensors: matched.map((tensor) => plannedTensor(tensor, config)),
    parameters: header.tensors.reduce((sum, tensor) => sum + tensor.elements, 0),
    weightBytes,
    kvBytes,
    scratchBytes: scratch,
    residentBytes,
    tokenizerBytes: tokenizerBytes(header),
  };
}

/** UTF-16 units of a model's name that are shown. */
const MAX_NAME = 256;

/** wasm32 addresses 4 GiB, of which the engine's code, stack and chunk in flight take a little. */
const MAX_RESIDENT_BYTES = 4 * 2 ** 30 - 64 * 2 ** 20;

function refuseOversized(residentBytes: number, config: ModelConfig): void {
  if (residentBytes <= MAX_RESIDENT_BYTES) return;
  throw new PocketbitError(
    'does-not-fit',
    `the model takes ${residentBytes} bytes with a context of ${config.context} positions; ` +
      `WebAssembly memory holds ${MAX_RESIDENT_BYTES}; choose a smaller model or context`,
  );
}

function refuseHuge({ name, elements }: TensorInfo): void {
  if (elements < MAX_WEIGHTS) return;
  throw new PocketbitError(
    'does-not-fit',
    `the tensor "${name}" has ${elements} weights; WebAssembly holds fewer than ${MAX_WEIGHTS} ` +
      'in one; choose a smaller model',
  );
}

interface Matched extends Matrix {
  readonly tensor: TensorInfo;
}

function matchTensors(header: GgufHeader, slots: Slot[], config: ModelConfig): Matched[] {
  const byName = new Map(slots.map((slot) => [slot.name, slot]));
  const matched = header.tensors.map((tensor) => {
    const slot = byName.get(tensor.name);
    if (!slot) throw unknownTensor(tensor.name);
    byName.delete(tensor.name);
    checkShape(tensor, slot);
    refuseHuge(tensor);
    checkType(tensor, slot, config);
    return { tensor, slot, type: engineType(tensor) };
  });
  const missing = [...byName.values()].filter((slot) => !slot.optional);
  if (missing.length > 0) {
    const more = missing.length > 1 ? ` and ${missing.length - 1} more` : '';
    throw badModel(`the tensor "${missing[0]!.name}"${more} is missing`);
  }
  return matched;
}

/** Two layouts share the id of Q2_0; the engine has one of its own for each. */
function engineType({ type, block }: TensorInfo): number {
  return type === Q2_0 && block === 128 ? Q2_0_G128 : type;
}

/** By the type of most linear weights; float-like ones become int8. */
function schemeOf(matched: readonly Matched[], config: ModelConfig): Scheme {
  if (config.activationBits === 1) return 'W1A1';
  const weights = new Map<Scheme, number>();
  for (const { slot, type, tensor } of matched) {
    if (slot.kind !== 'linear') continue;
    const scheme = SCHEMES.get(type) ?? 'W8A8';
    weights.set(scheme, (weights.get(scheme) ?? 0) + tensor.elements);
  }
  return [...weights].sort((a, b) => b[1] - a[1])[0]![0];
}

const SCHEMES: ReadonlyMap<number, Scheme> = new Map([
  [Q1_0, 'W1A8'],
  [I2_S, 'W1.58A8'],
  [TQ1_0, 'W1.58A8'],
  [TQ2_0, 'W1.58A8'],
  [Q2_0, 'W2A8'],
  [Q2_0_G128, 'W2A8'],
]);

function plannedTensor(matched: Matched, config: ModelConfig): PlannedTensor {
  const { tensor, slot, type } = matched;
  const [k = 0, rows = 1] = slot.shape;
  const { name, offset, bytes } = tensor;
  const family = familyOf(matched, config);
  return { name, slot: slot.slot, layer: slot.layer, type, rows, k, offset, bytes, family };
}

/** By type alone: TQ and Q2_0 weights with one scale after all become `ternary`, with several `twoBit`. */
function familyOf({ slot, type }: Matched, config: ModelConfig): KernelFamily | null {
  if (slot.kind === 'linear') {
    return config.activationBits === 1 ? 'binary' : (FAMILIES.get(type) ?? 'int8');
  }
  if (slot.kind !== 'embedding' || !isHead(slot, config)) return null;
  return FAMILIES.get(type) ?? (config.head === 'f32' ? null : config.head);
}

const FAMILIES: ReadonlyMap<number, KernelFamily> = new Map([
  [I2_S, 'ternary'],
  [TQ1_0, 'ternary'],
  [TQ2_0, 'ternary'],
  [Q2_0, 'twoBit'],
  [Q2_0_G128, 'twoBit'],
  [Q1_0, 'oneBit'],
]);

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

function checkShape(tensor: TensorInfo, slot: Slot): void {
  const found = tensor.shape.slice();
  // Trailing extents of 1 say nothing: some writers give every tensor the same number of dimensions.
  while (found.length > slot.shape.length && found.at(-1) === 1) found.pop();
  if (found.length === slot.shape.length && found.every((n, i) => n === slot.shape[i])) return;
  throw badModel(
    `the tensor "${tensor.name}" has the shape [${tensor.shape}]; the metadata asks for [${slot.shape}]`,
  );
}

const FLOAT_TYPES = [F32, F16, BF16];
const PACKED_TYPES = [I2_S, TQ1_0, TQ2_0, Q1_0, Q2_0];
const MATRIX_TYPES = [...PACKED_TYPES, ...FLOAT_TYPES, Q8_0, Q4_0, Q5_0, Q4_K, Q6_K];

function checkType(tensor: TensorInfo, slot: Slot, config: ModelConfig): void {
  const allowed = allowedTypes(slot, config);
  if (allowed.includes(tensor.type)) return;
  const expected = allowed.map(typeName).join(', ');
  const reason = tensorType(tensor.type)?.refusal;
  const found = `the tensor "${tensor.name}" has the type ${tensor.typeName}; expected ${expected}`;
  throw reason ? badModel(`${found}: ${reason}`) : unsupported(found);
}

function allowedTypes({ kind }: Slot, config: ModelConfig): readonly number[] {
  if (kind === 'vector') return FLOAT_TYPES;
  if (kind === 'multiplier' || kind === 'frequencies') return [F32];
  return kind === 'linear' && config.activationBits === 1 ? [Q1_0] : MATRIX_TYPES;
}
