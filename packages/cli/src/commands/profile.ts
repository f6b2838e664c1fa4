import { displayName } from '@pocketbit/core';
import { type TensorKernels, tensorKernels } from '@pocketbit/engine';
import type { Command } from '../command.ts';
import { loadModel, MODEL_OPTIONS } from '../model.ts';
import { print, printJson } from '../output.ts';

export const profile: Command = {
  name: 'profile',
  usage:
    'FILE [--artifact scalar|simd128|relaxed] [--kernels FAMILY=GEMV/GEMM,...] [--head int8|f32] ' +
    '[--context N] [--json]',
  summary: 'which kernel serves which tensor',
  options: { ...MODEL_OPTIONS, json: { type: 'boolean' } },
  positionals: [1, 1],
  async run([file], values) {
    const { plan, engine, artifact } = await loadModel(file!, values);
    const tensors = tensorKernels(plan, engine);
    if (values.json) printJson({ artifact, tensors });
    else print(tensors.map(row).join('\n'));
  },
};

function row({ name, rows, k, family, bytes, gemv, gemm }: TensorKernels): string {
  const shape = `${rows} x ${k}`;
  return `${displayName(name).padEnd(28)}${shape.padEnd(16)}${family.padEnd(9)}${String(bytes).padStart(12)}  ${gemv}/${gemm}`;
}
