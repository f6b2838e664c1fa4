import { bytesSource, PocketbitError, planModel, readGguf } from '@pocketbit/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bindEngine } from '../../../tests/support/engine.ts';
import { tinyModel } from '../../core/test/tiny-model.ts';
import { type EngineSink, loadTensors, openEngine } from './load.ts';
import { type SizedPlan, sizePlan } from './memory.ts';

const bytes = tinyModel().map((byte, i) => (i > 20_000 ? (i * 31) & 255 : byte));
const source = bytesSource(bytes);
const exports = await bindEngine('scalar');
const planned = readGguf(source).then((header) => sizePlan(exports, planModel(header)));

/** A sink that keeps what it is given and insists on the order of calls. */
class Recorder implements EngineSink {
  readonly tensors: { key: string; bytes: number[] }[] = [];
  open = false;
  finished = false;
  reserved = 0;

  reserve(bytes: number): void {
    this.reserved += bytes;
  }

  beginTensor(name: string, type: number, rows: number, k: number): void {
    expect(this.open).toBe(false);
    this.open = true;
    this.tensors.push({ key: `${name} ${type} ${rows} ${k}`, bytes: [] });
  }

  push(part: Uint8Array): void {
    expect(this.open).toBe(true);
    for (const byte of part) this.tensors.at(-1)!.bytes.push(byte);
  }

  endTensor(): void {
    expect(this.open).toBe(true);
    this.open = false;
  }

  finish(): void {
    this.finished = true;
  }
}

function check(plan: SizedPlan, recorder: Recorder): void {
  expect(recorder.finished).toBe(true);
  expect(recorder.tensors).toHaveLength(plan.tensors.length);
  plan.tensors.forEach(({ name, type, rows, k, offset, bytes: length }, i) => {
    const tensor = recorder.tensors[i]!;
    expect(tensor.key).toBe(`${name} ${type} ${rows} ${k}`);
    expect(Buffer.from(tensor.bytes).equals(bytes.subarray(offset, offset + length))).toBe(true);
  });
}

describe('loadTensors', () => {
  test.each([0, 100])(
    'a source that gives %i bytes of many is told, not asked for ever',
    async (given) => {
      const short = { size: source.size, read: async () => new Uint8Array(given) };
      const loading = loadTensors(await planned, short, new Recorder());
      await expect(loading).rejects.toMatchObject({ code: 'storage' });
    },
  );

  test('gives every tensor its bytes, whatever the chunk', async () => {
    const plan = await planned;
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 3000, max: 700_000 }), async (chunkBytes) => {
        const recorder = new Recorder();
        await loadTensors(plan, source, recorder, { chunkBytes });
        check(plan, recorder);
        expect(recorder.reserved).toBe(plan.residentBytes);
      }),
      { numRuns: 12, seed: 7 },
    );
  });

  test('reads windows that begin at multiples of the chunk', async () => {
    const starts: number[] = [];
    const watched = {
      size: source.size,
      read: (offset: number, length: number) => {
        starts.push(offset);
        return source.read(offset, length);
      },
    };
    await loadTensors(await planned, watched, new Recorder(), { chunkBytes: 65_536 });
    expect(starts.slice(1).every((start) => start % 65_536 === 0)).toBe(true);
  });

  test('reports bytes up to the total', async () => {
    const plan = await planned;
    const seen: [number, number][] = [];
    const onProgress = (loaded: number, total: number) => seen.push([loaded, total]);
    await loadTensors(plan, source, new Recorder(), { chunkBytes: 100_000, onProgress });
    const total = plan.tensors.reduce((sum, tensor) => sum + tensor.bytes, 0);
    expect(seen.at(-1)).toEqual([total, total]);
    expect(seen.length).toBeGreaterThan(4);
  });

  test('stops at an abort', async () => {
    const signal = { aborted: false };
    const loading = loadTensors(await planned, source, new Recorder(), {
      chunkBytes: 10_000,
      signal,
      onProgress: () => {
        signal.aborted = true;
      },
    });
    await expect(loading).rejects.toMatchObject({ code: 'aborted' });
  });

  test('keeps the code of an error of the sink', async () => {
    const sink = new Recorder();
    sink.endTensor = () => {
      throw Object.assign(new Error('3 MB were refused'), { code: 'out-of-memory' });
    };
    const failure = await loadTensors(await planned, source, sink).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(PocketbitError);
    expect(failure).toMatchObject({
      code: 'out-of-memory',
      message: '3 MB were refused',
    });
  });

  test('an error of the engine names the tensor and its shape', async () => {
    const plan = await planned;
    const short = { ...plan, tensors: plan.tensors.map((tensor) => ({ ...tensor, type: 38 })) };
    const failure = await openEngine(exports, short, source).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(PocketbitError);
    expect(failure).toMatchObject({
      code: 'bad-model',
      message: expect.stringMatching(/^Tensor "token_embd.weight", \d+ × \d+: it has type 38/),
    });
  });
});
