import { afterEach, expect, test } from 'vitest';
import { type KernelBench, KernelChooser, type KernelTiming, type TimingStore } from './chooser.ts';

const NEEDS = [
  { family: 'ternary', size: 'large', weights: 2 ** 24 },
  { family: 'ternary', size: 'small', weights: 2 ** 18 },
] as const;
const always = () => true;

let time = 0;
let open = 0;
const watch = {
  now: () => {
    time += 0.001;
    return time;
  },
  pause: async () => {},
};

/** Kernels that take so many nanoseconds a weight and token. */
function bench(speeds: Record<string, number>): KernelBench & { made: string[] } {
  const made: string[] = [];
  class Trial {
    readonly macs: number;
    readonly bytes: number;
    readonly #cost: number;

    constructor(
      family: string,
      rows: number,
      k: number,
      tokens: number,
      gemv: string,
      gemm: string,
    ) {
      const kernel = gemm || gemv;
      if (!(kernel in speeds)) throw new Error(`no kernel ${kernel}`);
      made.push(`${family} ${rows}x${k} ${tokens} ${gemv}/${gemm}`);
      this.macs = rows * k * tokens;
      this.bytes = (rows * k) / 4;
      this.#cost = this.macs * speeds[kernel]! * 1e-6;
      open++;
    }

    run(times: number): void {
      time += times * this.#cost;
    }

    free(): void {
      open--;
    }
  }
  const kernelNames = (_: string, tokens: number) =>
    tokens === 1 ? ['dot', 'lookup', 'scalar'] : ['packed16', 'rows'];
  return { kernelNames, Trial, made };
}

/** A store in memory. */
class Kept implements TimingStore {
  #timings: KernelTiming[] = [];

  async read() {
    return this.#timings;
  }

  async write(timings: readonly KernelTiming[]) {
    this.#timings = [...timings];
  }
}

const SPEEDS = { dot: 0.1, lookup: 0.05, scalar: 0.001, packed16: 0.05, rows: 0.049 };

const choose = (own: KernelBench, store: TimingStore | null = null) =>
  KernelChooser.open(own, watch, store);

afterEach(() => {
  expect(open).toBe(0);
});

test('the faster kernel wins, the default keeps its place within the noise', async () => {
  const own = bench(SPEEDS);
  const chooser = await choose(own);
  await chooser.measure(NEEDS, always);
  expect(chooser.picks(NEEDS)).toEqual([
    { family: 'ternary', size: 'large', gemv: 'lookup', gemm: 'packed16' },
    { family: 'ternary', size: 'small', gemv: 'lookup', gemm: 'packed16' },
  ]);
  expect(own.made).toContain('ternary 256x1024 64 lookup/rows');
  const [first] = chooser.timings;
  expect(first).toMatchObject({ family: 'ternary', size: 'large', tokens: 1, kernel: 'dot' });
  expect(first!.gmacs).toBeCloseTo(10, 0);
  expect(first!.gbs).toBeCloseTo(2.5, 0);
});

test('nothing measured, or `default`: the order of the artifact', async () => {
  const chooser = await choose(bench(SPEEDS));
  expect(chooser.picks(NEEDS)[0]).toMatchObject({ gemv: 'dot', gemm: 'packed16' });
  await chooser.measure(NEEDS, always);
  expect(chooser.picks(NEEDS, 'default')[0]).toMatchObject({ gemv: 'dot', gemm: 'packed16' });
});

test('a forced kernel is taken untimed', async () => {
  const own = bench(SPEEDS);
  const chooser = await choose(own);
  expect(chooser.picks(NEEDS, { ternary: { gemv: 'scalar' } })).toContainEqual({
    family: 'ternary',
    size: 'small',
    gemv: 'scalar',
    gemm: 'packed16',
  });
  expect(own.made).toEqual([]);
});

test('stored timings spare the measurement', async () => {
  const store = new Kept();
  const first = await choose(bench(SPEEDS), store);
  await first.measure(NEEDS, always);
  const own = bench(SPEEDS);
  const again = await choose(own, store);
  await again.measure(NEEDS, always);
  expect(own.made).toEqual([]);
  expect(again.picks(NEEDS)).toEqual(first.picks(NEEDS));
});

test('a machine that was busy is corrected by later loads, until enough have timed', async () => {
  const busy = { ...SPEEDS, lookup: 0.5 };
  const store = new Kept();
  const chooser = await choose(bench(busy), store);
  await chooser.measure(NEEDS, always, 2);
  expect(chooser.picks(NEEDS)[0]).toMatchObject({ gemv: 'dot' });
  const own = bench(SPEEDS);
  const again = await choose(own, store);
  await again.measure(NEEDS, always, 2);
  expect(again.picks(NEEDS)[0]).toMatchObject({ gemv: 'lookup' });
  expect(again.timings.every(({ loads }) => loads === 2)).toBe(true);
  expect(again.timings).toHaveLength(chooser.timings.length);
  own.made.length = 0;
  await again.measure(NEEDS, always, 2);
  expect(own.made).toEqual([]);
});

test('a kernel that fails in its trial leaves the defaults', async () => {
  const { lookup: _, ...others } = SPEEDS;
  const chooser = await choose(bench(others));
  await chooser.measure(NEEDS, always);
  expect(chooser.picks(NEEDS)[0]).toMatchObject({ gemv: 'dot' });
});

test('whoever waits no longer ends the measurement', async () => {
  const own = bench(SPEEDS);
  const chooser = await choose(own);
  await chooser.measure(NEEDS, () => false);
  expect(own.made).toEqual([]);
});

test('the heaviest matrices come first, and slow kernels end at the budget', async () => {
  const slow = Object.fromEntries(Object.entries(SPEEDS).map(([name, ns]) => [name, ns * 100]));
  const chooser = await choose(bench(slow));
  const start = time;
  await chooser.measure(NEEDS, always);
  expect(time - start).toBeLessThan(2500);
  expect(chooser.timings.every(({ size }) => size === 'large')).toBe(true);
});
