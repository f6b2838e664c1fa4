import { describe, expect, test } from 'vitest';
import { collect, memory } from '../../test/fuzz/gauges.ts';
import { LARGE_HEADERS } from '../../test/fuzz/large-headers.ts';
import { type FileSpec, Writer, writeGguf } from '../../test/gguf-writer.ts';
import { F32, tensor, tinyModel, tinySpec } from '../../test/tiny-model.ts';
import { PocketbitError } from '../errors.ts';
import { type ByteSource, bytesSource } from '../source.ts';
import { readGguf } from './header.ts';
import { StringArray } from './values.ts';

const read = (bytes: Uint8Array) => readGguf(bytesSource(bytes));

async function refusal(bytes: Uint8Array): Promise<PocketbitError> {
  const error = await read(bytes).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(PocketbitError);
  return error as PocketbitError;
}

/** A file of one metadata entry, written by hand after the counts. */
function oneEntry(write: (writer: Writer) => void): Uint8Array {
  const writer = new Writer().raw(Buffer.from('GGUF')).u32(3).u64(0).u64(1);
  write(writer);
  return writer.pad(64).bytes();
}

const oneTensor = (change: Partial<FileSpec['tensors'][number]>) =>
  writeGguf({ metadata: [], tensors: [{ ...tensor('a', [64], F32), ...change }] });

describe('a right file', () => {
  test.each([2, 3])('version %i', async (version) => {
    const header = await read(tinyModel({ version }));
    expect(header.version).toBe(version);
    expect(header.metadata.get('general.name')).toBe('tiny');
    expect(header.tensors).toHaveLength(24);
    expect(header.tensors[0]).toMatchObject({
      name: 'token_embd.weight',
      typeName: 'F32',
      offset: header.dataOffset,
    });
  });

  test('every value type', async () => {
    const bytes = oneEntry((w) => {
      w.string('k').u32(9).u32(2).u64(3).raw([1, 0, 2, 0, 255, 255]);
    });
    expect((await read(bytes)).metadata.get('k')).toEqual(Uint16Array.of(1, 2, 65535));
    const scalars: [number, number[], unknown][] = [
      [0, [200], 200],
      [1, [200], -56],
      [2, [1, 2], 513],
      [3, [255, 255], -1],
      [4, [0, 0, 0, 128], 2 ** 31],
      [5, [0, 0, 0, 128], -(2 ** 31)],
      [6, [0, 0, 192, 63], 1.5],
      [7, [1], true],
      [10, [1, 0, 0, 0, 0, 0, 0, 0], 1],
      [10, Array(8).fill(255), 2n ** 64n - 1n],
      [11, Array(8).fill(255), -1],
      [12, [0, 0, 0, 0, 0, 0, 248, 63], 1.5],
    ];
    for (const [type, raw, value] of scalars) {
      const header = await read(oneEntry((w) => w.string('k').u32(type).raw(raw)));
      expect(header.metadata.get('k')).toBe(value);
    }
  });

  test('strings keep their characters, a byte order mark among them', async () => {
    const texts = ['', 'a', '\ufeffx', 'Ġé🦊', '\0'];
    const spec: FileSpec = { metadata: [['k', { type: 'strings', value: texts }]], tensors: [] };
    const value = (await read(writeGguf(spec))).metadata.get('k') as StringArray;
    expect(value).toBeInstanceOf(StringArray);
    expect([...value]).toEqual(texts);
  });

  test('is read in few growing windows, and no further than the header', async () => {
    const merges = Array.from({ length: 120_000 }, (_, i) => `left${i} right${i}`);
    const spec = tinySpec({ metadata: { m: { type: 'strings', value: merges } } });
    const bytes = writeGguf(spec);
    const reads: number[] = [];
    const source: ByteSource = {
      size: bytes.length,
      async read(offset, length) {
        reads.push(length);
        return bytes.slice(offset, offset + length);
      },
    };
    const header = await readGguf(source);
    expect((header.metadata.get('m') as StringArray).at(119_999)).toBe(merges.at(-1));
    expect(reads.length).toBeLessThanOrEqual(5);
  });
});

describe('a foreign file', () => {
  test.each([
    ['<!DOCTYPE html><html>', 'HTML'],
    ['\n  <html>', 'HTML'],
    ['version https://git-lfs.github.com/spec/v1', 'Git LFS'],
    ['PK\x03\x04...............................', 'zip'],
    ['\x10\0\0\0\0\0\0\0{"a":{}}', 'safetensors'],
    ['{"error": "not found"}', 'JSON'],
    ['\0asm\x01\0\0\0', 'WebAssembly'],
    ['\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0', 'zeros'],
    ['nothing known at all', 'begins with the bytes 6e 6f 74 68'],
    ['', 'empty'],
    ['GGU', 'Not a GGUF'],
  ])('%j', async (text, named) => {
    const error = await refusal(Uint8Array.from(text, (c) => c.charCodeAt(0)));
    expect(error.code).toBe('bad-model');
    expect(error.message).toContain(named);
  });

  test.each([
    ['version 1', new Writer().raw(Buffer.from('GGUF')).u32(1)],
    ['version 4', new Writer().raw(Buffer.from('GGUF')).u32(4)],
    ['big-endian', new Writer().raw(Buffer.from('GGUF')).raw([0, 0, 0, 3])],
    ['big-endian', new Writer().raw(Buffer.from('FUGG')).raw([0, 0, 0, 3])],
  ])('%s', async (named, writer) => {
    const error = await refusal(writer.u64(0).u64(0).bytes());
    expect(error.code).toBe('unsupported');
    expect(error.message).toContain(named);
  });
});

describe('a broken file', () => {
  test('cut anywhere is told to be truncated', async () => {
    const bytes = tinyModel();
    for (let end = 24; end < bytes.length; end = Math.ceil(end * 1.3)) {
      const error = await refusal(bytes.subarray(0, end));
      expect(error.code).toBe('bad-model');
      expect(error.message).toMatch(/truncated|hold at most|left in the file/);
    }
  });

  const huge = 2 ** 60;
  const f32 = (count: number) => new Uint8Array(count * 4);
  test.each<[string, Uint8Array, string]>([
    [
      'a tensor count of 2^60',
      new Writer().raw(Buffer.from('GGUF')).u32(3).u64(huge).u64(0).bytes(),
      'tensors entries',
    ],
    [
      'a metadata count of 2^60',
      new Writer().raw(Buffer.from('GGUF')).u32(3).u64(0).u64(huge).bytes(),
      'metadata entries',
    ],
    ['a key of 2^60 bytes', oneEntry((w) => w.u64(huge)), 'at most 1024'],
    ['a string of 2^60 bytes', oneEntry((w) => w.string('k').u32(8).u64(huge)), 'at most 1048576'],
    ['an array of 2^60', oneEntry((w) => w.string('k').u32(9).u32(0).u64(huge)), 'at most 1048576'],
    [
      'a string array longer than the file',
      oneEntry((w) => w.string('k').u32(9).u32(8).u64(9e5)),
      'left in the file',
    ],
    ['an unknown value type', oneEntry((w) => w.string('k').u32(13)), 'the type 13'],
    ['an unknown element type', oneEntry((w) => w.string('k').u32(9).u32(99).u64(0)), 'type 99'],
    ['an array of arrays', oneEntry((w) => w.string('k').u32(9).u32(9).u64(1)), 'array of arrays'],
    ['a boolean of 2', oneEntry((w) => w.string('k').u32(7).raw([2])), 'expected 0 or 1'],
    ['a key that is not UTF-8', oneEntry((w) => w.u64(1).raw([0xff])), 'not valid UTF-8'],
    [
      'a string that is not UTF-8',
      oneEntry((w) => w.string('k').u32(8).u64(2).raw([0xc3, 0x28])),
      'not valid UTF-8',
    ],
    [
      'a character cut between two strings',
      oneEntry((w) => w.string('k').u32(9).u32(8).u64(2).u64(1).raw([0xc3]).u64(1).raw([0xa9])),
      'not valid UTF-8',
    ],
    [
      'a key twice',
      writeGguf({
        metadata: [
          ['k', { type: 'u32', value: 1 }],
          ['k', { type: 'u32', value: 1 }],
        ],
        tensors: [],
      }),
      'occurs twice',
    ],
    [
      'a tensor name twice',
      writeGguf({ metadata: [], tensors: [tensor('a', [8], F32), tensor('a', [8], F32)] }),
      'Two tensors',
    ],
    ['a tensor without a name', oneTensor({ name: '' }), 'empty name'],
    ['a long tensor name', oneTensor({ name: 'n'.repeat(65) }), 'at most 64'],
    ['no dimensions', oneTensor({ shape: [] }), '0 dimensions'],
    ['five dimensions', oneTensor({ shape: [1, 1, 1, 1, 64] }), '5 dimensions'],
    ['an extent of 0', oneTensor({ shape: [64, 0] }), 'shape [64,0]'],
    ['2^60 elements', oneTensor({ shape: [2 ** 30, 2 ** 30] }), '2^40'],
    ['an unknown tensor type', oneTensor({ type: 99 }), 'the type 99, which no known writer uses'],
    [
      'rows that are no whole blocks',
      oneTensor({ type: 35, shape: [100] }),
      'whose blocks hold 256',
    ],
    ['weights past the end', oneTensor({ shape: [65] }), 'truncated'],
    [
      'an alignment of 24',
      writeGguf({ metadata: [['general.alignment', { type: 'u32', value: 24 }]], tensors: [] }),
      'power of two',
    ],
    [
      'overlapping tensors',
      writeGguf({
        metadata: [],
        tensors: [{ ...tensor('a', [64], F32), bytes: f32(8) }, tensor('b', [64], F32)],
      }),
      'inside "a"',
    ],
  ])('%s', async (_, bytes, named) => {
    const error = await refusal(bytes);
    expect(['bad-model', 'unsupported']).toContain(error.code);
    expect(error.message).toContain(named);
  });

  test('a tensor that is not aligned', async () => {
    const bytes = oneTensor({});
    const at = Buffer.from(bytes).indexOf('a', 24) + 1 + 4 + 8 + 4;
    bytes[at] = 8;
    expect((await refusal(bytes)).message).toContain('not a multiple of the alignment 32');
  });
});

describe('the memory of a header', () => {
  test('an embedded tokenizer.json is passed over unread', async () => {
    const length = 40 * 1024 * 1024;
    const writer = new Writer().raw(Buffer.from('GGUF')).u32(3).u64(0).u64(2);
    writer.string('tokenizer.huggingface.json').u32(8).u64(length);
    const after = new Writer().string('k').u32(0).raw([7]).bytes();
    const start = writer.bytes();
    let read = 0;
    const source: ByteSource = {
      size: start.length + length + after.length,
      async read(offset, wanted) {
        read += wanted;
        const bytes = new Uint8Array(wanted);
        if (offset < start.length) bytes.set(start.subarray(offset, offset + wanted));
        const from = start.length + length - offset;
        if (from < wanted) bytes.set(after.subarray(Math.max(0, -from)), Math.max(0, from));
        return bytes;
      },
    };
    const { metadata } = await readGguf(source);
    expect([...metadata]).toEqual([['k', 7]]);
    expect(read).toBeLessThan(1024 * 1024);
  });

  test('it is told when it is no string, or too long', async () => {
    const key = 'tokenizer.huggingface.json';
    const number = oneEntry((w) => w.string(key).u32(0).raw([7]));
    expect((await refusal(number)).message).toContain('expected a string');
    const long = oneEntry((w) =>
      w
        .string(key)
        .u32(8)
        .u64(2 ** 40),
    );
    expect((await refusal(long)).message).toContain('at most 67108864');
  });

  test.each(LARGE_HEADERS.filter(({ tokenizer }) => !tokenizer))('$name', async ({ make }) => {
    const file = make();
    collect();
    const before = memory();
    let largest = 0;
    file.onRead = () => {
      largest = Math.max(largest, memory() - before);
    };
    const header: unknown = await readGguf(file).catch((reason: unknown) => reason);
    largest = Math.max(largest, memory() - before);
    if (header instanceof Error) expect(header).toBeInstanceOf(PocketbitError);
    expect(largest).toBeLessThan(64e6);
  });
});

describe('Q2_0, whose block size only the room between tensors tells', () => {
  const q2 = (name: string, k: number, rows: number, block: 64 | 128) => ({
    name,
    shape: [k, rows],
    type: 42,
    bytes: new Uint8Array(((k * rows) / block) * (block === 64 ? 18 : 34)),
  });
  const blocks = async (...tensors: FileSpec['tensors'][number][]) => {
    const { tensors: found } = await read(writeGguf({ metadata: [], tensors }));
    return found.map(({ block }) => block);
  };

  test.each([64, 128] as const)('%i', async (block) => {
    expect(await blocks(q2('a', 256, 64, block))).toEqual([block]);
    const small = q2('small', 128, 1, block);
    expect(await blocks(small, q2('b', 256, 64, block), small2(block))).toEqual(
      Array(3).fill(block),
    );
    expect(await blocks(q2('a', 256, 64, block), tensor('z', [64], F32))).toEqual([block, 1]);
  });
  const small2 = (block: 64 | 128) => q2('last', 128, 1, block);

  test('both in one file are refused', async () => {
    const bytes = writeGguf({
      metadata: [],
      tensors: [q2('a', 256, 64, 64), q2('b', 256, 64, 128), tensor('z', [64], F32)],
    });
    expect((await refusal(bytes)).message).toContain('both 64 and 128');
  });

  test('a file cut inside the last tensor is truncated, not of the other block size', async () => {
    const bytes = writeGguf({
      metadata: [],
      tensors: [q2('a', 256, 64, 64), q2('b', 256, 64, 64)],
    });
    const cut = bytes.subarray(0, bytes.length - (256 * 64 * 2) / 128);
    expect((await refusal(cut)).message).toContain('truncated');
  });
});
