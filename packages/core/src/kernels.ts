import { PocketbitError, unsupported } from './errors.ts';
import type { ModelPlan } from './plan/plan.ts';

/** Families of matrices, by the numbers and names of crates/kernels: bits of a weight and where its scale stands. */
export const KERNEL_FAMILIES = ['ternary', 'twoBit', 'oneBit', 'binary', 'int8', 'int4'] as const;

/**
 * `ternary` has one scale a matrix; `twoBit` and `oneBit` one a group of weights; `binary` takes binary activations;
 * `int8` and `int4` have one a row.
 */
export type KernelFamily = (typeof KERNEL_FAMILIES)[number];

/** `small` matrices, of fewer than 2^20 weights, stay in a core's own cache from token to token. */
export type SizeClass = 'small' | 'large';

const SIZE_CLASSES: readonly SizeClass[] = ['small', 'large'];
const LARGE_WEIGHTS = 2 ** 20;

/** Kernels by name: for one token (decode) and for several (prefill). */
export interface KernelPair {
  readonly gemv: string;
  readonly gemm: string;
}

/** The kernels of every matrix of one family and size. */
export interface KernelPick extends KernelPair {
  readonly family: KernelFamily;
  readonly size: SizeClass;
}

/** Kernels that a caller demands; what is left out is the artifact's default. */
export type ForcedKernels = { readonly [F in KernelFamily]?: Partial<KernelPair> };

/** The choosing half of the wasm Engine. */
export interface KernelSink {
  /** Before the first tensor. */
  choose(family: number, size: number, gemv: string, gemm: string): void;
}

/** Names of the kernels an artifact has, comma-separated, the default first: `kernelNames` of crates/wasm. */
export type KernelNames = (family: number, tokens: number) => string;

/** Which matrices a model has. */
export interface KernelNeed {
  readonly family: KernelFamily;
  readonly size: SizeClass;
  /** Weights of all its matrices of this kind. */
  readonly weights: number;
}

/** Which kernels serve a tensor. */
export interface TensorKernels extends KernelPair {
  readonly name: string;
  readonly layer: number;
  readonly rows: number;
  readonly k: number;
  readonly family: KernelFamily;
  /** As the engine holds it, packed. */
  readonly bytes: number;
}

/** Kernels of `family` for so many tokens, the default first. */
export function kernelsOf(names: KernelNames, family: KernelFamily, tokens: number): string[] {
  return names(KERNEL_FAMILIES.indexOf(family), tokens).split(',');
}

export function sizeClassOf(rows: number, k: number): SizeClass {
  return rows * k < LARGE_WEIGHTS ? 'small' : 'large';
}

/** The kinds of matrices in a model, those with the most weights first. */
export function kernelNeeds({ tensors }: Pick<ModelPlan, 'tensors'>): KernelNeed[] {
  const needs = new Map<string, KernelNeed>();
  for (const { family, rows, k } of tensors) {
    if (!family) continue;
    const size = sizeClassOf(rows, k);
    const key = `${family} ${size}`;
    needs.set(key, { family, size, weights: (needs.get(key)?.weights ?? 0) + rows * k });
  }
  return [...needs.values()].sort((a, b) => b.weights - a.weights);
}

/** What `forced` demands, for matrices of every size. Throws `unsupported` for a family that does not exist. */
export function forcedPicks(forced: ForcedKernels, names: KernelNames): KernelPick[] {
  return Object.entries(forced).flatMap(([name, pair]) => {
    const family = KERNEL_FAMILIES.find((known) => known === name);
    if (!family) {
      throw unsupported(
        `there are no kernels for "${name}"; the families are ${KERNEL_FAMILIES.join(', ')}`,
      );
    }
    const gemv = pair.gemv ?? kernelsOf(names, family, 1)[0]!;
    const gemm = pair.gemm ?? kernelsOf(names, family, 2)[0]!;
    return SIZE_CLASSES.map((size) => ({ family, size, gemv, gemm }));
  });
}

/** Hands the picks to an engine that has no tensors yet. Throws `unsupported` for a kernel the artifact lacks. */
export function choosePicks(engine: KernelSink, picks: readonly KernelPick[]): void {
  try {
    for (const { family, size, gemv, gemm } of picks) {
      const numbers = [KERNEL_FAMILIES.indexOf(family), SIZE_CLASSES.indexOf(size)] as const;
      engine.choose(...numbers, gemv, gemm);
    }
  } catch (error) {
    throw PocketbitError.from(error);
  }
}

/** Reads `engine.profile()`: a line for each matrix, `slot layer family rows k bytes gemv gemm`. */
export function tensorKernels(
  { tensors }: Pick<ModelPlan, 'tensors'>,
  profile: string,
): TensorKernels[] {
  const names = new Map(tensors.map(({ layer, slot, name }) => [`${slot} ${layer}`, name]));
  const lines = profile.split('\n').filter((line) => line !== '');
  return lines.map((line) => {
    const [slot, layer, family, rows, k, bytes, gemv, gemm] = line.split(' ');
    return {
      name: names.get(`${slot} ${layer}`) ?? `slot ${slot} of layer ${layer}`,
      layer: Number(layer),
      rows: Number(rows),
      k: Number(k),
      family: KERNEL_FAMILIES.find((known) => known === family)!,
      bytes: Number(bytes),
      gemv: gemv!,
      gemm: gemm!,
    };
  });
}
