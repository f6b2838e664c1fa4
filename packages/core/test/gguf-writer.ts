// Writes GGUF files for tests, right ones and, where asked, wrong ones.

export type TypedValue =
  | { type: 'u32' | 'i32' | 'f32' | 'u64'; value: number }
  | { type: 'bool'; value: boolean }
  | { type: 'string'; value: string }
  | { type: 'strings'; value: readonly string[] }
  | { type: 'i32s' | 'f32s'; value: readonly number[] };

export interface TensorSpec {
  name: string;
  shape: readonly number[];
  /** GGUF type id. */
  type: number;
  bytes: Uint8Array;
}

export interface FileSpec {
  version?: number;
  alignment?: number;
  metadata: readonly (readonly [key: string, value: TypedValue])[];
  tensors: readonly TensorSpec[];
}

const SCALAR_TYPE_IDS = { u32: 4, i32: 5, f32: 6, bool: 7, string: 8, u64: 10 } as const;

export class Writer {
  #bytes = new Uint8Array(1024);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  raw(bytes: ArrayLike<number>): this {
    const length = this.#length + bytes.length;
    if (length > this.#bytes.length) {
      const larger = new Uint8Array(length * 2);
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    this.#bytes.set(bytes, this.#length);
    this.#length = length;
    return this;
  }

  u32(value: number): this {
    return this.raw([0, 8, 16, 24].map((shift) => (value >>> shift) & 255));
  }

  u64(value: number): this {
    return this.u32(value % 2 ** 32).u32(Math.floor(value / 2 ** 32));
  }

  f32(value: number): this {
    return this.raw(new Uint8Array(Float32Array.of(value).buffer));
  }

  string(text: string): this {
    const bytes = Buffer.from(text, 'utf8');
    return this.u64(bytes.length).raw(bytes);
  }

  value(value: TypedValue): this {
    switch (value.type) {
      case 'strings':
        this.u32(9).u32(8).u64(value.value.length);
        for (const text of value.value) this.string(text);
        return this;
      case 'i32s':
        this.u32(9).u32(5).u64(value.value.length);
        for (const n of value.value) this.u32(n);
        return this;
      case 'f32s':
        this.u32(9).u32(6).u64(value.value.length);
        for (const n of value.value) this.f32(n);
        return this;
      default:
        return this.u32(SCALAR_TYPE_IDS[value.type]).#scalar(value);
    }
  }

  #scalar(value: TypedValue): this {
    switch (value.type) {
      case 'string':
        return this.string(value.value);
      case 'bool':
        return this.raw([value.value ? 1 : 0]);
      case 'f32':
        return this.f32(value.value);
      case 'u64':
        return this.u64(value.value);
      default:
        return this.u32(value.value as number);
    }
  }

  pad(alignment: number): this {
    return this.raw(new Uint8Array((alignment - (this.#length % alignment)) % alignment));
  }

  bytes(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }
}

/** The bytes of a GGUF file. */
export function writeGguf(spec: FileSpec): Uint8Array {
  const alignment = spec.alignment ?? 32;
  const writer = writeHeader(spec, alignment);
  for (const tensor of spec.tensors) writer.pad(alignment).raw(tensor.bytes);
  return writer.bytes();
}

/** A file's header alone; of the tensors' bytes only their number counts. */
export function writeHeader(
  spec: Omit<FileSpec, 'tensors'> & {
    tensors: readonly (Omit<TensorSpec, 'bytes'> & { bytes: { length: number } })[];
  },
  alignment: number,
): Writer {
  const writer = new Writer().raw(Buffer.from('GGUF')).u32(spec.version ?? 3);
  writer.u64(spec.tensors.length).u64(spec.metadata.length);
  for (const [key, value] of spec.metadata) writer.string(key).value(value);
  let offset = 0;
  for (const tensor of spec.tensors) {
    writer.string(tensor.name).u32(tensor.shape.length);
    for (const extent of tensor.shape) writer.u64(extent);
    writer.u32(tensor.type).u64(offset);
    offset += Math.ceil(tensor.bytes.length / alignment) * alignment;
  }
  return writer;
}
