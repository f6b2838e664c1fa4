import { badModel, unsupported } from '../errors.ts';
import type { Cursor } from './cursor.ts';
import { MAX_DIMENSIONS, MAX_TENSOR_ELEMENTS, MAX_TENSOR_NAME_BYTES } from './limits.ts';
import { type TensorType, tensorBytes, tensorType } from './types.ts';
import { readString } from './values.ts';

/** One tensor of a GGUF file. */
export interface TensorInfo {
  readonly name: string;
  /** GGUF type id. */
  readonly type: number;
  readonly typeName: string;
  /** Extents, contiguous dimension first: a weight of `out` rows by `in` columns is `[in, out]`. */
  readonly shape: readonly number[];
  readonly elements: number;
  /** Byte offset in the file. */
  readonly offset: number;
  /** Bytes in the file; where the type id does not fix them, the bytes up to the next tensor. */
  readonly bytes: number;
}

/** Bytes of the shortest entry: name length, a name of one byte, n_dims, one extent, type, offset. */
export const MIN_TENSOR_ENTRY_BYTES = 8 + 1 + 4 + 8 + 4 + 8;

interface Entry {
  name: string;
  shape: number[];
  elements: number;
  type: number;
  relativeOffset: number;
}

/** The tensor list as written: offsets still relative to the data section. */
export async function readTensorEntries(cursor: Cursor, count: number): Promise<Entry[]> {
  const entries: Entry[] = [];
  const names = new Set<string>();
  for (let i = 0; i < count; i++) {
    const entry = await readEntry(cursor, i);
    if (names.has(entry.name)) throw badModel(`two tensors are named "${entry.name}"`);
    names.add(entry.name);
    entries.push(entry);
  }
  return entries;
}

async function readEntry(cursor: Cursor, index: number): Promise<Entry> {
  const name = await readString(cursor, MAX_TENSOR_NAME_BYTES, `the name of tensor ${index}`);
  if (name === '') throw badModel(`tensor ${index} has an empty name`);
  const what = `the entry of tensor "${name}"`;
  await cursor.need(4, what);
  const dimensions = cursor.u32();
  if (dimensions < 1 || dimensions > MAX_DIMENSIONS) {
    throw badModel(`tensor "${name}" has ${dimensions} dimensions; expected 1 to 4`);
  }
  await cursor.need(dimensions * 8 + 12, what);
  const shape = Array.from({ length: dimensions }, () => cursor.count());
  const elements = shape.reduce((product, extent) => product * extent, 1);
  if (elements < 1 || elements > MAX_TENSOR_ELEMENTS) {
    throw badModel(`tensor "${name}" has the shape [${shape}]; expected 1 to 2^40 elements`);
  }
  return { name, shape, elements, type: cursor.u32(), relativeOffset: cursor.count() };
}

/** The tensors in file order, each checked to be aligned, whole, inside the file and alone there. */
export function placeTensors(
  entries: readonly Entry[],
  dataOffset: number,
  alignment: number,
  fileSize: number,
): TensorInfo[] {
  const sorted = [...entries].sort((a, b) => a.relativeOffset - b.relativeOffset);
  const tensors = sorted.map((entry, i) => {
    if (entry.relativeOffset % alignment !== 0) {
      throw badModel(
        `tensor "${entry.name}" starts at ${entry.relativeOffset}, not a multiple of ` +
          `the alignment ${alignment}`,
      );
    }
    const next = sorted[i + 1]?.relativeOffset ?? Math.max(0, fileSize - dataOffset);
    return place(entry, dataOffset, next - entry.relativeOffset);
  });
  checkExtents(tensors, fileSize);
  return tensors;
}

function place(entry: Entry, dataOffset: number, span: number): TensorInfo {
  const type = tensorType(entry.type);
  if (!type) {
    throw unsupported(`tensor "${entry.name}" has the unknown type ${entry.type}`);
  }
  const { name, shape, elements } = entry;
  const bytes = type.block === 0 ? Math.max(1, span) : wholeBlocks(entry, type);
  const offset = dataOffset + entry.relativeOffset;
  return { name, type: entry.type, typeName: type.name, shape, elements, offset, bytes };
}

function wholeBlocks(entry: Entry, type: TensorType): number {
  const row = entry.shape[0]!;
  if (row % type.block !== 0) {
    throw badModel(
      `tensor "${entry.name}" has rows of ${row} in ${type.name}, whose blocks hold ${type.block}`,
    );
  }
  return tensorBytes(type, entry.elements);
}

function checkExtents(tensors: readonly TensorInfo[], fileSize: number): void {
  let end = 0;
  let previous = '';
  for (const tensor of tensors) {
    if (tensor.offset < end) {
      throw badModel(
        `tensor "${tensor.name}" starts at byte ${tensor.offset}, inside "${previous}", ` +
          `which ends at ${end}`,
      );
    }
    end = tensor.offset + tensor.bytes;
    previous = tensor.name;
  }
  if (end > fileSize) {
    throw badModel(
      `the file is truncated: it has ${fileSize} bytes, and tensor "${previous}" ends at byte ` +
        `${end}; download it again`,
    );
  }
}
