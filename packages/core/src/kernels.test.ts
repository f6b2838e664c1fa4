import { expect, test } from 'vitest';
import {
  choosePicks,
  forcedPicks,
  type KernelFamily,
  kernelNeeds,
  kernelsOf,
  sizeClassOf,
  tensorKernels,
} from './kernels.ts';

const NAMES = (family: number, tokens: number) =>
  tokens === 1 ? `gemv${family},lookup` : `gemm${family},rows`;

function tensor(slot: number, family: KernelFamily | null, rows: number, k: number) {
  return { name: `t${slot}`, slot, layer: 0, type: 0, rows, k, offset: 0, bytes: 0, family };
}

test('a matrix of 2^20 weights is a large one', () => {
  expect(sizeClassOf(1024, 1024)).toBe('large');
  expect(sizeClassOf(1023, 1024)).toBe('small');
});

test('the needs of a model are its kinds of matrices, the heaviest first, vectors left out', () => {
  const tensors = [
    tensor(10, null, 1, 2048),
    tensor(11, 'ternary', 512, 512),
    tensor(12, 'ternary', 512, 512),
    tensor(17, 'ternary', 2048, 2048),
    tensor(0, 'int8', 32000, 2048),
  ];
  expect(kernelNeeds({ tensors })).toEqual([
    { family: 'int8', size: 'large', weights: 32000 * 2048 },
    { family: 'ternary', size: 'large', weights: 2048 * 2048 },
    { family: 'ternary', size: 'small', weights: 2 * 512 * 512 },
  ]);
});

test('the first name is the default', () => {
  expect(kernelsOf(NAMES, 'binary', 1)).toEqual(['gemv3', 'lookup']);
});

test('a forced kernel serves both sizes, and what is not forced is the default', () => {
  expect(forcedPicks({ oneBit: { gemv: 'lookup' } }, NAMES)).toEqual([
    { family: 'oneBit', size: 'small', gemv: 'lookup', gemm: 'gemm2' },
    { family: 'oneBit', size: 'large', gemv: 'lookup', gemm: 'gemm2' },
  ]);
});

test('a family that does not exist is refused by name', () => {
  const forced = { trinary: { gemv: 'lookup' } } as object;
  expect(() => forcedPicks(forced, NAMES)).toThrow(/"trinary".*ternary, twoBit/);
});

test('picks reach the engine as numbers, and its refusal keeps its code', () => {
  const seen: unknown[] = [];
  const engine = { choose: (...pick: unknown[]) => void seen.push(pick) };
  choosePicks(engine, [{ family: 'int8', size: 'large', gemv: 'dot', gemm: 'rows' }]);
  expect(seen).toEqual([[4, 1, 'dot', 'rows']]);
  const refusing = {
    choose: () => {
      throw new Error('unsupported: no kernel "dot"');
    },
  };
  const pick = { family: 'int8', size: 'large', gemv: 'dot', gemm: 'rows' } as const;
  expect(() => choosePicks(refusing, [pick])).toThrow(
    expect.objectContaining({ code: 'unsupported' }),
  );
});

test('the engine profile gets the names of the tensors', () => {
  const tensors = [tensor(11, 'ternary', 64, 128)];
  expect(tensorKernels({ tensors }, '11 0 ternary 64 128 2048 lookup packed16\n')).toEqual([
    {
      name: 't11',
      layer: 0,
      rows: 64,
      k: 128,
      family: 'ternary',
      bytes: 2048,
      gemv: 'lookup',
      gemm: 'packed16',
    },
  ]);
});
