import { badModel } from '../errors.ts';
import { Metadata } from '../plan/metadata.ts';
import { type ByteSource, joined } from '../source.ts';
import { type GgufHeader, readGguf } from './header.ts';
import { MAX_TENSORS } from './limits.ts';
import type { TensorInfo } from './tensors.ts';

/** A model split over several files, as one. */
export interface ShardedGguf {
  /** Offsets count from the first byte of the first shard, as if the files lay end to end. */
  readonly header: GgufHeader;
  /** The shards end to end. */
  readonly source: ByteSource;
}

/** Shards that a name may speak of; published models have under 30. */
const MAX_SHARDS = 1000;

/**
 * The names of all shards of a model by that of any of them, `prefix-00001-of-00003.gguf`, as a path or
 * as a URL with its query; undefined for a name without that form. Naming: llama.cpp tools/gguf-split.
 */
export function shardNames(name: string): string[] | undefined {
  const match = /^(.*)-(\d{5})-of-(\d{5})(\.gguf(?:[?#].*)?)$/s.exec(name);
  if (!match) return undefined;
  const [, prefix, , total, suffix] = match;
  const count = Number(total);
  if (count < 1 || count > MAX_SHARDS) return undefined;
  return Array.from(
    { length: count },
    (_, i) => `${prefix}-${String(i + 1).padStart(5, '0')}-of-${total}${suffix}`,
  );
}

/**
 * Reads the headers of all shards of a model, in their order. The first holds the metadata, each its own
 * tensors. Rejects with `bad-model` where the shards do not belong together.
 */
export async function readGgufShards(sources: readonly ByteSource[]): Promise<ShardedGguf> {
  if (sources.length > MAX_SHARDS) {
    throw badModel(`the model has ${sources.length} shards; at most ${MAX_SHARDS} are read`);
  }
  let first: GgufHeader | undefined;
  const parts: Part[] = [];
  for (const [i, source] of sources.entries()) {
    const header = await readGguf(source);
    checkShardNumber(new Metadata(header.metadata), i, sources.length);
    first ??= header;
    // Of the others the metadata is let go: a thousand times the limit of one header is too much.
    parts.push({ tensors: header.tensors, fileSize: header.fileSize });
    checkTotal(parts);
  }
  if (!first) throw badModel('no files were given; expected at least one shard');
  const tensors = joinedTensors(parts);
  checkTensorCount(new Metadata(first.metadata), tensors.length);
  const source = concatenated(sources);
  const header = { ...first, tensors, fileSize: source.size, shards: sources.length };
  return { header, source };
}

function checkShardNumber(metadata: Metadata, index: number, given: number): void {
  const count = metadata.count('split.count', 0, 65_535, 1);
  const number = metadata.count('split.no', 0, 65_535, 0);
  if (Math.max(1, count) === given && number === index) return;
  throw badModel(
    `file ${index + 1} of ${given} says it is shard ${number + 1} of ${count}; ` +
      'expected every shard of one model, in order',
  );
}

function checkTensorCount(metadata: Metadata, found: number): void {
  const stated = metadata.count('split.tensors.count', 0, 2 ** 31, found);
  if (stated === found) return;
  throw badModel(`the shards hold ${found} tensors, and the first speaks of ${stated}`);
}

type Part = Pick<GgufHeader, 'tensors' | 'fileSize'>;

function checkTotal(parts: readonly Part[]): void {
  const found = parts.reduce((sum, { tensors }) => sum + tensors.length, 0);
  if (found <= MAX_TENSORS) return;
  throw badModel(
    `the shards hold more than ${MAX_TENSORS} tensors, which is the most that is read`,
  );
}

function joinedTensors(parts: readonly Part[]): TensorInfo[] {
  const names = new Set<string>();
  let base = 0;
  return parts.flatMap(({ tensors, fileSize }) => {
    const start = base;
    base += fileSize;
    return tensors.map((tensor) => {
      if (names.has(tensor.name)) throw badModel(`two shards hold a tensor "${tensor.name}"`);
      names.add(tensor.name);
      return { ...tensor, offset: tensor.offset + start };
    });
  });
}

/** Several sources as one; a read may cross from one into the next. */
function concatenated(sources: readonly ByteSource[]): ByteSource {
  const starts: number[] = [];
  let size = 0;
  for (const source of sources) {
    starts.push(size);
    size += source.size;
  }
  return {
    size,
    async read(offset, length) {
      const parts: Uint8Array[] = [];
      for (const [i, source] of sources.entries()) {
        const from = Math.max(0, offset - starts[i]!);
        const to = Math.min(source.size, offset + length - starts[i]!);
        if (from < to) parts.push(await source.read(from, to - from));
      }
      const bytes = parts.length === 1 ? parts[0]! : joined(parts);
      if (bytes.length === length) return bytes;
      throw new RangeError(`a read of ${length} bytes ends past the last shard`);
    },
  };
}
