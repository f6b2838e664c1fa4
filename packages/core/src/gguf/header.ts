import { badModel } from '../errors.ts';
import { Metadata } from '../plan/metadata.ts';
import type { ByteSource } from '../source.ts';
import { Cursor } from './cursor.ts';
import {
  MAX_ALIGNMENT,
  MAX_KEY_BYTES,
  MAX_METADATA_ENTRIES,
  MAX_SKIPPED_BYTES,
  MAX_TENSORS,
} from './limits.ts';
import { checkVersion, MAGIC_BYTES, refuseForeign } from './magic.ts';
import {
  MIN_TENSOR_ENTRY_BYTES,
  placeTensors,
  readTensorEntries,
  type TensorInfo,
} from './tensors.ts';
import { type GgufValue, readString, readValue, skipString } from './values.ts';

/** Everything in a GGUF file but the weights. */
export interface GgufHeader {
  readonly version: number;
  /** Without `UNREAD_KEYS`. */
  readonly metadata: ReadonlyMap<string, GgufValue>;
  /** In file order. */
  readonly tensors: readonly TensorInfo[];
  /** Byte offset of the data section. */
  readonly dataOffset: number;
  readonly fileSize: number;
  /** Bytes; tensor offsets are multiples of it. */
  readonly alignment: number;
  /** Files that the header was read from, where there is more than one. */
  readonly shards?: number;
}

const DEFAULT_ALIGNMENT = 32;

/** Strings of many megabytes that say again what other entries do. */
const UNREAD_KEYS: readonly string[] = ['tokenizer.huggingface.json'];

/** Bytes of the shortest metadata entry: key length, a key of one byte, type tag, one-byte value. */
const MIN_METADATA_ENTRY_BYTES = 8 + 1 + 4 + 1;

/**
 * Reads and checks the header of a GGUF v2 or v3 file, reading no further than the header needs.
 * Rejects with `bad-model` or `unsupported` whatever the bytes are.
 * Layout: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
 */
export async function readGguf(source: ByteSource): Promise<GgufHeader> {
  const cursor = new Cursor(source);
  const { version, tensorCount, metadataCount } = await readCounts(cursor, source.size);
  const metadata = await readMetadata(cursor, metadataCount);
  const entries = await readTensorEntries(cursor, tensorCount);
  const alignment = alignmentOf(metadata);
  const dataOffset = Math.ceil(cursor.offset / alignment) * alignment;
  const tensors = placeTensors(entries, dataOffset, alignment, source.size);
  return { version, metadata, tensors, dataOffset, fileSize: source.size, alignment };
}

async function readCounts(cursor: Cursor, fileSize: number) {
  const available = Math.min(MAGIC_BYTES, fileSize);
  await cursor.need(available, 'the file header');
  refuseForeign(cursor.peek(available), fileSize);
  await cursor.need(MAGIC_BYTES, 'the file header');
  cursor.bytes(4);
  const version = cursor.u32();
  checkVersion(version);
  const tensorCount = cursor.count();
  const metadataCount = cursor.count();
  checkCount('tensors', tensorCount, MAX_TENSORS, MIN_TENSOR_ENTRY_BYTES, cursor);
  checkCount('metadata', metadataCount, MAX_METADATA_ENTRIES, MIN_METADATA_ENTRY_BYTES, cursor);
  return { version, tensorCount, metadataCount };
}

function checkCount(what: string, count: number, limit: number, bytes: number, cursor: Cursor) {
  const max = Math.min(limit, Math.floor(cursor.remaining / bytes));
  if (count <= max) return;
  throw badModel(
    `the header says it has ${count} ${what} entries; at most ${limit} are read, and the ` +
      `${cursor.remaining} bytes left in the file hold at most ${max}`,
  );
}

async function readMetadata(cursor: Cursor, count: number): Promise<Map<string, GgufValue>> {
  const metadata = new Map<string, GgufValue>();
  for (let i = 0; i < count; i++) {
    const key = await readString(cursor, MAX_KEY_BYTES, `metadata key ${i}`);
    if (metadata.has(key)) throw badModel(`the metadata key "${key}" occurs twice`);
    if (UNREAD_KEYS.includes(key)) await skipString(cursor, MAX_SKIPPED_BYTES, key);
    else metadata.set(key, await readValue(cursor, key));
  }
  return metadata;
}

function alignmentOf(metadata: ReadonlyMap<string, GgufValue>): number {
  const key = 'general.alignment';
  const value = new Metadata(metadata).count(key, 1, MAX_ALIGNMENT, DEFAULT_ALIGNMENT);
  if (Number.isInteger(Math.log2(value))) return value;
  throw badModel(`"${key}" is ${value}; expected a power of two up to ${MAX_ALIGNMENT}`);
}
