import { badModel, PocketbitError, unsupported } from '../errors.ts';
import type { GgufHeader } from '../gguf/header.ts';
import type { TensorInfo } from '../gguf/tensors.ts';
import { F16, F32, I2_S, Q1_0, Q6_K, Q8_0, TQ2_0, tensorType, typeName } from '../gguf/types.ts';
import { architectureOf, configOf, type PlanOptions } from './architecture.ts';
import type { ModelConfig } from './config.ts';
import { Metadata } from './metadata.ts';
import { kvCacheBytes, residentTensorBytes, scratchBytes } from './sizes.ts';
import { type Slot, slotsOf } from './slots.ts';

/** A tensor of the file with its place in the engine. */
export interface PlannedTensor {
  readonly name: string;
  /** Slot number of crates/wasm. */
  readonly slot: number;
  readonly layer: number;
  /** GGUF type id. */
  readonly type: number;
  /** 1 for a vector. */
  readonly rows: number;
  /** Elements of a row. */
  readonly k: number;
  /** Byte offset in the file. */
  readonly offset: number;
  /** Bytes in the file. */
  readonly bytes: number;
}

/** How a file becomes a running engine, and what that costs, known before any weight is fetched. */
export interface ModelPlan {
  readonly architecture: string;
  /** `general.name`, or the architecture where the file has no name. */
  readonly name: string;
  readonly config: ModelConfig;
  /** In file order. */
  readonly tensors: readonly PlannedTensor[];
  /** Weights of the model, each counted once. */
  readonly parameters: number;
  /** Bytes of the packed weights. */
  readonly weightBytes: number;
  readonly kvBytes: number;
  readonly scratchBytes: number;
  /** The three above together. */
  readonly residentBytes: number;
}

/**
 * Checks that the header describes a model this build runs, whole and with consistent shapes.
 * Throws `unsupported` for what is not run, `bad-model` for what contradicts itself, `does-not-fit`
 * for what no wasm32 memory holds.
 */
export function planModel(header: GgufHeader, options: PlanOptions = {}): ModelPlan {
  const architecture = architectureOf(header);
  const config = configOf(header, architecture, options);
  const slots = slotsOf(config);
  const tensors = matchTensors(header, slots, config);
  const weightBytes = slots.reduce((sum, slot) => sum + residentTensorBytes(slot, config), 0);
  const kvBytes = kvCacheBytes(config);
  const scratch = scratchBytes(config);
  const residentBytes = weightBytes + kvBytes + scratch;
  refuseOversized(residentBytes, config);
  return {
    architecture,
    name: new Metadata(header.metadata).text('general.name') ?? architecture,
    config,
    tensors,
    parameters: header.tensors.reduce((sum, tensor) => sum + tensor.elements, 0),
    weightBytes,
    kvBytes,
    scratchBytes: scratch,
    residentBytes,
  };
}

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

function matchTensors(header: GgufHeader, slots: Slot[], config: ModelConfig): PlannedTensor[] {
  const byName = new Map(slots.map((slot) => [slot.name, slot]));
  const planned = header.tensors.map((tensor) => {
    const slot = byName.get(tensor.name);
    if (!slot) throw unknownTensor(tensor.name);
    byName.delete(tensor.name);
    checkShape(tensor, slot);
    checkType(tensor, slot, config);
    const [k = 0, rows = 1] = slot.shape;
    const { name, type, offset, bytes } = tensor;
    return { name, slot: slot.slot, layer: slot.layer, type, rows, k, offset, bytes };
  });
  const missing = [...byName.keys()];
  if (missing.length > 0) {
    const more = missing.length > 1 ? ` and ${missing.length - 1} more` : '';
    throw badModel(`the tensor "${missing[0]}"${more} is missing`);
  }
  return planned;
}

function unknownTensor(name: string) {
  const why = name.endsWith('.scale')
    ? 'per-tensor multipliers are not run'
    : 'the architecture has no place for it';
  return unsupported(`the tensor "${name}" is not known: ${why}`);
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

const VECTOR_TYPES = [F32];
const EMBEDDING_TYPES = [F32, F16, Q8_0, Q6_K];
const TERNARY_TYPES = [TQ2_0, I2_S];
const BINARY_TYPES = [Q1_0];

function checkType(tensor: TensorInfo, slot: Slot, config: ModelConfig): void {
  const linear = config.activationBits === 1 ? BINARY_TYPES : TERNARY_TYPES;
  const allowed = { linear, embedding: EMBEDDING_TYPES, vector: VECTOR_TYPES }[slot.kind];
  if (allowed.includes(tensor.type)) return;
  const expected = allowed.map(typeName).join(', ');
  const reason = refusalOf(tensor, slot);
  throw unsupported(
    `the tensor "${tensor.name}" has the type ${tensor.typeName}; expected ${expected}` +
      (reason ? `: ${reason}` : ''),
  );
}

function refusalOf(tensor: TensorInfo, slot: Slot): string | undefined {
  if (tensor.type === Q1_0 && slot.kind === 'linear') {
    return (
      'Q1_0 weights are run with one-bit activations only, which the file must declare by ' +
      '"pocketbit.activation_bits" = 1; W1A8, one-bit weights with int8 activations, comes later'
    );
  }
  return tensorType(tensor.type)?.refusal;
}
