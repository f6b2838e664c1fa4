import { expect, test } from 'vitest';
import { type TypedValue, writeGguf } from '../../test/gguf-writer.ts';
import { F32, tensor, tinySpec } from '../../test/tiny-model.ts';
import { planModel } from '../plan/plan.ts';
import { type ByteSource, bytesSource } from '../source.ts';
import { readGguf } from './header.ts';
import { readGgufShards, shardNames } from './shards.ts';

const COUNT = 3;
const spec = tinySpec();
// Bytes that tell the tensors apart.
const tensors = spec.tensors.map((tensor, i) => ({
  ...tensor,
  bytes: tensor.bytes.map((_, at) => (at * 7 + i) & 255),
}));

/** The tiny model in three files, cut as llama.cpp's tool cuts: the metadata in the first. */
function shards(change: Record<string, number> = {}): ByteSource[] {
  return Array.from({ length: COUNT }, (_, no) => {
    const count = (value: number): TypedValue => ({ type: 'u32', value });
    const split: [string, TypedValue][] = [
      ['split.no', count(change.no ?? no)],
      ['split.count', count(change.count ?? COUNT)],
      ['split.tensors.count', count(change.tensors ?? tensors.length)],
    ];
    const metadata = no === 0 ? [...spec.metadata, ...split] : split;
    const own = tensors.filter((_, i) => i % COUNT === no);
    return bytesSource(writeGguf({ metadata, tensors: own }));
  });
}

async function loaded(source: ByteSource, header: Awaited<ReturnType<typeof readGguf>>) {
  const { tensors } = planModel(header);
  const found = new Map<string, number[]>();
  for (const { name, offset, bytes } of tensors) {
    const read: number[] = [];
    // In pieces that end where a window of a chunked store ends.
    for (let at = offset; at < offset + bytes; ) {
      const end = Math.min(offset + bytes, (Math.floor(at / 50_000) + 1) * 50_000);
      read.push(...(await source.read(at, end - at)));
      at = end;
    }
    found.set(name, read);
  }
  return found;
}

test('shards load as the whole file does', async () => {
  const whole = bytesSource(writeGguf({ ...spec, tensors }));
  const { header, source } = await readGgufShards(shards());
  expect(header.tensors).toHaveLength(tensors.length);
  const [apart, together] = [
    await loaded(source, header),
    await loaded(whole, await readGguf(whole)),
  ];
  expect(apart.size).toBe(tensors.length);
  for (const [key, bytes] of together) expect(apart.get(key)).toEqual(bytes);
});

test('shards that do not belong together are refused', async () => {
  const refused = (sources: ByteSource[]) =>
    expect(readGgufShards(sources)).rejects.toMatchObject({ code: 'bad-model' });
  await refused(shards().slice(0, 2));
  await refused(shards().reverse());
  await refused(shards({ count: 4 }));
  await refused(shards({ tensors: 99 }));
  const [first, second] = shards();
  await refused([first!, second!, second!]);
  await refused([]);
});

test('shards of more tensors than a model has are refused, whatever each has', async () => {
  const count = (value: number): TypedValue => ({ type: 'u32', value });
  const many = Array.from({ length: 2 }, (_, no) => {
    const own = Array.from({ length: 10_000 }, (_, i) => tensor(`${no} ${i}`, [8], F32));
    const metadata = [
      ['split.no', count(no)],
      ['split.count', count(2)],
    ] as const;
    return bytesSource(writeGguf({ metadata, tensors: own }));
  });
  await expect(readGgufShards(many)).rejects.toMatchObject({
    code: 'bad-model',
    message: expect.stringContaining('more than 16384 tensors'),
  });
  const sources = Array.from({ length: 1001 }, () => many[0]!);
  await expect(readGgufShards(sources)).rejects.toThrow('1001 shards');
});

test('a lone shard is told what is missing', async () => {
  const header = await readGguf(shards()[0]!);
  expect(() => planModel(header)).toThrow('one shard of 3');
});

test('names', () => {
  expect(shardNames('a/b-00002-of-00003.gguf')).toEqual([
    'a/b-00001-of-00003.gguf',
    'a/b-00002-of-00003.gguf',
    'a/b-00003-of-00003.gguf',
  ]);
  for (const name of [
    'a.gguf',
    'a-1-of-3.gguf',
    'a-00001-of-99999.gguf',
    'a-00001-of-00000.gguf',
  ]) {
    expect(shardNames(name)).toBeUndefined();
  }
});
