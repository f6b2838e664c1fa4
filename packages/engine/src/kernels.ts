import { type KernelFamily, type ModelPlan, PocketbitError } from '@pocketbit/core';
import { coded, type Engine, type EngineExports, type TensorProfile } from './exports.ts';

/** Every family of kernels. */
export const KERNEL_FAMILIES = [
  ...['ternary', 'twoBit', 'oneBit', 'binary', 'int8', 'int4'],
] as readonly KernelFamily[];

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

/** Names of the kernels an artifact has, the default first. */
export type KernelNames = EngineExports['kernelNames'];

/** Which matrices a model has. */
export interface KernelNeed {
  readonly family: KernelFamily;
  readonly size: SizeClass;
  /** Weights of all its matrices of this kind. */
  readonly weights: number;
}

/** Which kernels serve a tensor `[rows][k]`; `layer` is 0 for the embedding and the head. */
export interface TensorKernels extends TensorProfile {
  readonly layer: number;
  readonly rows: number;
  readonly k: number;
}

/** The size class of a matrix `[rows][k]`. */
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
      throw new PocketbitError(
        'unsupported',
        `There are no kernels for "${name}"; the families are ${KERNEL_FAMILIES.join(', ')}.`,
      );
    }
    // wasm-bindgen's glue traps on what is no text.
    const gemv = `${pair.gemv ?? names(family, 1)[0]!}`;
    const gemm = `${pair.gemm ?? names(family, 2)[0]!}`;
    return SIZE_CLASSES.map((size) => ({ family, size, gemv, gemm }));
  });
}

/** Hands the picks to an engine that has no tensors yet. Throws `unsupported` for a kernel the artifact lacks. */
export function choosePicks(engine: Pick<Engine, 'choose'>, picks: readonly KernelPick[]): void {
  coded(() => {
    for (const { family, size, gemv, gemm } of picks) engine.choose(family, size, gemv, gemm);
  });
}

/** Which kernels serve which tensor of the plan, in the engine's order. */
export function tensorKernels(
  { tensors }: Pick<ModelPlan, 'tensors'>,
  engine: Pick<Engine, 'profile'>,
): TensorKernels[] {
  const planned = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  return engine.profile().map(({ name, family, bytes, gemv, gemm }) => {
    const { layer, rows, k } = planned.get(name)!;
    return { name, layer, rows, k, family, bytes, gemv, gemm };
  });
}
