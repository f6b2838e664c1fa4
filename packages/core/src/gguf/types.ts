// Tensor types by their GGUF id. Sources: ggml include/ggml.h and ggml-common.h; microsoft/BitNet for
// I2_S, I8_S, TL1 and TL2; PrismML's fork for PQ2_0 and PTQ1_0.

/** How many bytes a tensor of a type takes. */
export interface TensorType {
  readonly name: string;
  /** Elements per block along ne[0]; 0 where the id alone does not say how long a tensor is. */
  readonly block: number;
  /** Bytes per block. */
  readonly bytes: number;
  /** Bytes after the last block. */
  readonly tail?: number;
  /** Why this build refuses the type, where there is more to say than that it is not read. */
  readonly refusal?: string;
}

const PRISM_ONLY =
  'only files of PrismML’s own fork use it; use the Q2_0 or Q1_0 file of the model';
const LOOKUP_LAYOUT =
  'its byte order depends on tile sizes that the file does not record; use an I2_S or TQ2_0 file';

export const F32 = 0;
export const F16 = 1;
export const Q4_0 = 2;
export const Q5_0 = 6;
export const Q8_0 = 8;
export const Q4_K = 12;
export const Q6_K = 14;
export const BF16 = 30;
export const TQ1_0 = 34;
export const TQ2_0 = 35;
export const I2_S = 36;
export const Q1_0 = 41;
/** Two block sizes share this id: see `q2Layout`. */
export const Q2_0 = 42;
/** The engine's name for Q2_0 with 128 weights a block; in a file this id is PQ2_0, and refused. */
export const Q2_0_G128 = 142;

/** I2_S ends with 32 bytes of which the first four are the tensor's f32 scale. */
const I2_S_TAIL_BYTES = 32;

/** Q2_0 upstream, and in PrismML's fork: the same id and code, another block. */
const Q2_OF_64: TensorType = { name: 'Q2_0', block: 64, bytes: 18 };
const Q2_OF_128: TensorType = { name: 'Q2_0', block: 128, bytes: 34 };

const TYPES: ReadonlyMap<number, TensorType> = new Map([
  [F32, { name: 'F32', block: 1, bytes: 4 }],
  [F16, { name: 'F16', block: 1, bytes: 2 }],
  [Q4_0, { name: 'Q4_0', block: 32, bytes: 18 }],
  [3, { name: 'Q4_1', block: 32, bytes: 20 }],
  [Q5_0, { name: 'Q5_0', block: 32, bytes: 22 }],
  [7, { name: 'Q5_1', block: 32, bytes: 24 }],
  [Q8_0, { name: 'Q8_0', block: 32, bytes: 34 }],
  [9, { name: 'Q8_1', block: 32, bytes: 36 }],
  [10, { name: 'Q2_K', block: 256, bytes: 84 }],
  [11, { name: 'Q3_K', block: 256, bytes: 110 }],
  [Q4_K, { name: 'Q4_K', block: 256, bytes: 144 }],
  [13, { name: 'Q5_K', block: 256, bytes: 176 }],
  [Q6_K, { name: 'Q6_K', block: 256, bytes: 210 }],
  [15, { name: 'Q8_K', block: 256, bytes: 292 }],
  [16, { name: 'IQ2_XXS', block: 256, bytes: 66 }],
  [17, { name: 'IQ2_XS', block: 256, bytes: 74 }],
  [18, { name: 'IQ3_XXS', block: 256, bytes: 98 }],
  [19, { name: 'IQ1_S', block: 256, bytes: 50 }],
  [20, { name: 'IQ4_NL', block: 32, bytes: 18 }],
  [21, { name: 'IQ3_S', block: 256, bytes: 110 }],
  [22, { name: 'IQ2_S', block: 256, bytes: 82 }],
  [23, { name: 'IQ4_XS', block: 256, bytes: 136 }],
  [24, { name: 'I8', block: 1, bytes: 1 }],
  [25, { name: 'I16', block: 1, bytes: 2 }],
  [26, { name: 'I32', block: 1, bytes: 4 }],
  [27, { name: 'I64', block: 1, bytes: 8 }],
  [28, { name: 'F64', block: 1, bytes: 8 }],
  [29, { name: 'IQ1_M', block: 256, bytes: 56 }],
  [BF16, { name: 'BF16', block: 1, bytes: 2 }],
  [TQ1_0, { name: 'TQ1_0', block: 256, bytes: 54 }],
  [TQ2_0, { name: 'TQ2_0', block: 256, bytes: 66 }],
  [I2_S, { name: 'I2_S', block: 128, bytes: 32, tail: I2_S_TAIL_BYTES }],
  [37, { name: 'I8_S', block: 0, bytes: 0, refusal: 'it holds activations, not weights' }],
  [38, { name: 'TL1', block: 0, bytes: 0, refusal: LOOKUP_LAYOUT }],
  [
    39,
    {
      name: 'TL2 or MXFP4 (two forks use the same id)',
      block: 0,
      bytes: 0,
      refusal: 'use an I2_S or TQ2_0 file of the model',
    },
  ],
  [40, { name: 'NVFP4', block: 64, bytes: 36 }],
  [Q1_0, { name: 'Q1_0', block: 128, bytes: 18 }],
  [Q2_0, Q2_OF_64],
  [142, { name: 'PQ2_0', block: 0, bytes: 0, refusal: PRISM_ONLY }],
  [143, { name: 'PTQ1_0', block: 0, bytes: 0, refusal: PRISM_ONLY }],
]);

/** The type of a GGUF type id, or undefined where no known writer uses the id. */
export function tensorType(id: number): TensorType | undefined {
  return TYPES.get(id);
}

/** The name of a GGUF type id, for messages. */
export function typeName(id: number): string {
  return TYPES.get(id)?.name ?? `type ${id}`;
}

/** Bytes of `elements` weights of a type with a known block; `elements` is a multiple of the block. */
export function tensorBytes(type: TensorType, elements: number): number {
  return (elements / type.block) * type.bytes + (type.tail ?? 0);
}

/** A tensor as far as its size goes. */
interface Extent {
  readonly elements: number;
  /** Bytes from its start to the next tensor's, or to the end of the file. */
  readonly span: number;
  readonly last: boolean;
}

/**
 * The layout of a file's Q2_0 tensors: upstream's 64 weights in 18 bytes, or PrismML's 128 in 34. The
 * file does not say, so the room between tensors does. Padding hides the difference in tensors of
 * few blocks and a truncated file has a short last one: those count only where no other tells.
 * Undefined where two tensors contradict each other.
 */
export function q2Layout(tensors: readonly Extent[], alignment: number): TensorType | undefined {
  const padded = (type: TensorType, { elements }: Extent) =>
    Math.ceil(tensorBytes(type, elements) / alignment) * alignment;
  const told = [...tensors]
    .sort((a, b) => Number(a.last) - Number(b.last))
    .map((tensor) => {
      const fits = [Q2_OF_64, Q2_OF_128].filter(
        (type) =>
          padded(type, tensor) === tensor.span ||
          (tensor.last && tensorBytes(type, tensor.elements) === tensor.span),
      );
      return fits.length === 1 ? { type: fits[0]!, last: tensor.last } : undefined;
    });
  const first = told.find((verdict) => verdict !== undefined);
  if (!first) return tensors.some(roomFor64) ? Q2_OF_64 : Q2_OF_128;
  const contradicted = told.some((v) => v && !v.last && v.type !== first.type);
  return contradicted ? undefined : first.type;
}

function roomFor64({ elements, span }: Extent): boolean {
  return span >= tensorBytes(Q2_OF_64, elements);
}
