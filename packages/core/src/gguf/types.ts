// Tensor types by their GGUF id. Sources: ggml include/ggml.h and ggml-common.h; microsoft/BitNet for
// I2_S, I8_S, TL1 and TL2; PrismML's fork for PQ2_0 and PTQ1_0.

/**
 * A family of matrices that the same kernels multiply by. `ternary` has one scale a matrix; `twoBit` and `oneBit` one a
 * group of weights; `binary` takes binary activations; `int8` and `int4` have one a row.
 */
export type KernelFamily = 'ternary' | 'twoBit' | 'oneBit' | 'binary' | 'int8' | 'int4';

/** Bits of a weight and of an activation in the products of the linears. */
export type Scheme = 'W1A1' | 'W1A8' | 'W1.58A8' | 'W2A8' | 'W8A8';

/**
 * What the engine makes of a tensor of a type: `float` stays f32 as a vector and becomes int8 rows as a matrix, `rows`
 * become int8 rows, `packed` keeps its codes.
 */
export type TensorRole = 'float' | 'rows' | 'packed';

/** All that is known of a tensor type. */
export interface TensorType {
  readonly name: string;
  /** Elements per block along ne[0]; 0 where the id alone does not say how long a tensor is. */
  readonly block: number;
  /** Bytes per block. */
  readonly bytes: number;
  /** Bytes after the last block. */
  readonly tail?: number;
  /** Absent for a type that this build does not read. */
  readonly role?: TensorRole;
  /** Of a model whose linears are of this type. */
  readonly scheme?: Scheme;
  /** Whose kernels multiply by a matrix of this type. */
  readonly family?: KernelFamily;
  /** The engine's id for the type, where it is not that of the file. */
  readonly engineId?: number;
  /** Why this build refuses the type, where there is more to say than that it is not read. */
  readonly refusal?: string;
}

const PRISM_ONLY =
  'only files of PrismML’s own fork use it; use the Q2_0 or Q1_0 file of the model';
const LOOKUP_LAYOUT =
  'its byte order depends on tile sizes that the file does not record; use an I2_S or TQ2_0 file';

export const F32 = 0;
export const Q1_0 = 41;
/** Two block sizes share this id: see `q2Layout`. */
export const Q2_0 = 42;

/** I2_S ends with 32 bytes of which the first four are the tensor's f32 scale. */
const I2_S_TAIL_BYTES = 32;

type Block = readonly [block: number, bytes: number];
type Reading = Pick<TensorType, 'role' | 'scheme' | 'family'>;

/** Makes the records of types that are read alike. */
const typesOf =
  (reading: Reading) =>
  (name: string, [block, bytes]: Block): TensorType => ({ name, block, bytes, ...reading });
const floats = typesOf({ role: 'float', scheme: 'W8A8', family: 'int8' });
const rows = typesOf({ role: 'rows', scheme: 'W8A8', family: 'int8' });
const ternary = typesOf({ role: 'packed', scheme: 'W1.58A8', family: 'ternary' });
const twoBit = typesOf({ role: 'packed', scheme: 'W2A8', family: 'twoBit' });
const oneBit = typesOf({ role: 'packed', scheme: 'W1A8', family: 'oneBit' });
const unread = typesOf({});
const refused = (name: string, refusal: string): TensorType => ({
  ...unread(name, [0, 0]),
  refusal,
});

/** Q2_0 upstream, and in PrismML's fork: the same id and code, another block, and another id in the engine. */
const Q2_OF_64 = twoBit('Q2_0', [64, 18]);
const Q2_OF_128: TensorType = { ...twoBit('Q2_0', [128, 34]), engineId: 142 };

const TYPES: ReadonlyMap<number, TensorType> = new Map([
  [F32, floats('F32', [1, 4])],
  [1, floats('F16', [1, 2])],
  [2, rows('Q4_0', [32, 18])],
  [3, rows('Q4_1', [32, 20])],
  [6, rows('Q5_0', [32, 22])],
  [7, unread('Q5_1', [32, 24])],
  [8, rows('Q8_0', [32, 34])],
  [9, unread('Q8_1', [32, 36])],
  [10, unread('Q2_K', [256, 84])],
  [11, unread('Q3_K', [256, 110])],
  [12, rows('Q4_K', [256, 144])],
  [13, unread('Q5_K', [256, 176])],
  [14, rows('Q6_K', [256, 210])],
  [15, unread('Q8_K', [256, 292])],
  [16, unread('IQ2_XXS', [256, 66])],
  [17, unread('IQ2_XS', [256, 74])],
  [18, unread('IQ3_XXS', [256, 98])],
  [19, unread('IQ1_S', [256, 50])],
  [20, unread('IQ4_NL', [32, 18])],
  [21, unread('IQ3_S', [256, 110])],
  [22, unread('IQ2_S', [256, 82])],
  [23, unread('IQ4_XS', [256, 136])],
  [24, unread('I8', [1, 1])],
  [25, unread('I16', [1, 2])],
  [26, unread('I32', [1, 4])],
  [27, unread('I64', [1, 8])],
  [28, unread('F64', [1, 8])],
  [29, unread('IQ1_M', [256, 56])],
  [30, floats('BF16', [1, 2])],
  [34, ternary('TQ1_0', [256, 54])],
  [35, ternary('TQ2_0', [256, 66])],
  [36, { ...ternary('I2_S', [128, 32]), tail: I2_S_TAIL_BYTES }],
  [37, refused('I8_S', 'it holds activations, not weights')],
  [38, refused('TL1', LOOKUP_LAYOUT)],
  [
    39,
    refused('TL2 or MXFP4 (two forks use the same id)', 'use an I2_S or TQ2_0 file of the model'),
  ],
  [40, unread('NVFP4', [64, 36])],
  [Q1_0, oneBit('Q1_0', [128, 18])],
  [Q2_0, Q2_OF_64],
  [142, refused('PQ2_0', PRISM_ONLY)],
  [143, refused('PTQ1_0', PRISM_ONLY)],
]);

/** The names of the types of these roles, in the order of `roles`. */
export function typeNames(...roles: TensorRole[]): string[] {
  const types = [...TYPES.values()];
  return roles.flatMap((role) =>
    types.filter((type) => type.role === role).map(({ name }) => name),
  );
}

/** The type of a GGUF type id, or undefined where no known writer uses the id. */
export function tensorType(id: number): TensorType | undefined {
  return TYPES.get(id);
}

/** The type of a tensor of a file: the block tells what the id of Q2_0 leaves open. */
export function typeOf({ type, block }: { type: number; block: number }): TensorType {
  return type === Q2_0 && block === Q2_OF_128.block ? Q2_OF_128 : TYPES.get(type)!;
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
  const verdicts = [...tensors]
    .sort((a, b) => Number(a.last) - Number(b.last))
    .map((tensor) => {
      const fits = [Q2_OF_64, Q2_OF_128].filter(
        (type) =>
          padded(type, tensor) === tensor.span ||
          (tensor.last && tensorBytes(type, tensor.elements) === tensor.span),
      );
      return fits.length === 1 ? { type: fits[0]!, last: tensor.last } : undefined;
    });
  const first = verdicts.find((verdict) => verdict !== undefined);
  if (!first) return tensors.some(roomFor64) ? Q2_OF_64 : Q2_OF_128;
  const contradicted = verdicts.some((v) => v && !v.last && v.type !== first.type);
  return contradicted ? undefined : first.type;
}

function roomFor64({ elements, span }: Extent): boolean {
  return span >= tensorBytes(Q2_OF_64, elements);
}
