import { badModel } from '../errors.ts';
import type { Cursor } from './cursor.ts';
import { MAX_DIMENSIONS, MAX_TENSOR_ELEMENTS, MAX_TENSOR_NAME_BYTES } from './limits.ts';
import { Q2_0, q2Layout, type TensorType, tensorBytes, tensorType } from './types.ts';
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
  /** Elements of a block; 0 where the type id does not tell. Q2_0 has 64 or 128 by its file. */
  readonly block: number;
  /** Byte offset in the file. */
  readonly offset: number;
  /** Bytes in the file; where the type id does not fix them, the bytes up to the next tensor. */
  readonly bytes: number;
}

/** Bytes of the shortest entry: name length, a name of one byte, n_dims, one extent, type, offset. */
export const MIN_TENSOR_ENTRY_BYTES = 8 + 1 + 4 + 8 + 4 + 8;

/** Objects of a tensor besides its name, while the list is made. */
const TENSOR_MEMORY_BYTES = 512;

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
    cursor.keep(TENSOR_MEMORY_BYTES, `tensor ${i}`);
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
  const shape: number[] = [];
  for (let i = 0; i < dimensions; i++) shape.push(cursor.count());
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
  const dataBytes = Math.max(0, fileSize - dataOffset);
  const spanned = sorted.map((entry, i): Spanned => {
    checkAligned(entry, alignment);
    const end = sorted[i + 1]?.relativeOffset ?? dataBytes;
    return { ...entry, span: end - entry.relativeOffset, last: i === sorted.length - 1 };
  });
  const q2 = q2TypeOf(spanned, alignment);
  const tensors = spanned.map((entry) =>
    tensorInfo(entry, dataOffset, entry.type === Q2_0 ? q2 : tensorType(entry.type)),
  );
  checkExtents(tensors, fileSize);
  return tensors;
}

interface Spanned extends Entry {
  /** Bytes to the next tensor or the end of the file; negative where the entry lies past the end. */
  span: number;
  last: boolean;
}

function checkAligned({ name, relativeOffset }: Entry, alignment: number): void {
  if (!Number.isSafeInteger(relativeOffset)) {
    throw badModel(`tensor "${name}" starts at byte ${relativeOffset}; expected one below 2^53`);
  }
  if (relativeOffset % alignment === 0) return;
  throw badModel(
    `tensor "${name}" starts at ${relativeOffset}, not a multiple of the alignment ${alignment}`,
  );
}

function q2TypeOf(spanned: readonly Spanned[], alignment: number): TensorType | undefined {
  const tensors = spanned.filter(({ type }) => type === Q2_0);
  const layout = q2Layout(tensors, alignment);
  if (layout) return layout;
  throw badModel(
    `the Q2_0 tensors contradict each other: "${tensors[0]!.name}" and others lie as blocks of ` +
      'both 64 and 128 weights; expected one of the two',
  );
}

function tensorInfo(entry: Spanned, dataOffset: number, type: TensorType | undefined): TensorInfo {
  if (!type) {
    throw badModel(
      `tensor "${entry.name}" has the type ${entry.type}, which no known writer uses: use another file`,
    );
  }
  const { name, shape, elements } = entry;
  const { block } = type;
  const bytes = block === 0 ? Math.max(1, entry.span) : wholeBlocks(entry, type);
  const offset = dataOffset + entry.relativeOffset;
  return { name, type: entry.type, typeName: type.name, shape, elements, block, offset, bytes };
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
