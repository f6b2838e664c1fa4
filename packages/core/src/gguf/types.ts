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

const LATER = 'it comes in a later version; use a TQ2_0 or I2_S file of the model';
const LOOKUP_LAYOUT =
  'its byte order depends on tile sizes that the file does not record; use an I2_S or TQ2_0 file';

export const F32 = 0;
export const F16 = 1;
export const Q8_0 = 8;
export const Q6_K = 14;
export const TQ2_0 = 35;
export const I2_S = 36;
export const Q1_0 = 41;

/** I2_S ends with 32 bytes of which the first four are the tensor's f32 scale. */
const I2_S_TAIL_BYTES = 32;

const TYPES: ReadonlyMap<number, TensorType> = new Map([
  [F32, { name: 'F32', block: 1, bytes: 4 }],
  [F16, { name: 'F16', block: 1, bytes: 2 }],
  [2, { name: 'Q4_0', block: 32, bytes: 18 }],
  [3, { name: 'Q4_1', block: 32, bytes: 20 }],
  [6, { name: 'Q5_0', block: 32, bytes: 22 }],
  [7, { name: 'Q5_1', block: 32, bytes: 24 }],
  [Q8_0, { name: 'Q8_0', block: 32, bytes: 34 }],
  [9, { name: 'Q8_1', block: 32, bytes: 36 }],
  [10, { name: 'Q2_K', block: 256, bytes: 84 }],
  [11, { name: 'Q3_K', block: 256, bytes: 110 }],
  [12, { name: 'Q4_K', block: 256, bytes: 144 }],
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
  [30, { name: 'BF16', block: 1, bytes: 2 }],
  [34, { name: 'TQ1_0', block: 256, bytes: 54, refusal: LATER }],
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
  // Two block sizes share this id (64 upstream, 128 in PrismML's fork), so the id gives no size.
  [42, { name: 'Q2_0', block: 0, bytes: 0, refusal: LATER }],
  [142, { name: 'PQ2_0', block: 0, bytes: 0, refusal: `only PrismML files use it; ${LATER}` }],
  [143, { name: 'PTQ1_0', block: 0, bytes: 0, refusal: `only PrismML files use it; ${LATER}` }],
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
