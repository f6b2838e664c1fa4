// Where the parts of a valid header lie.

/** A part of a header by what it means. */
export interface Field {
  readonly kind:
    | 'count'
    | 'length'
    | 'type'
    | 'extent'
    | 'offset'
    | 'number'
    | 'text'
    | 'name'
    | 'magic';
  readonly start: number;
  readonly end: number;
  /** The metadata key whose value it is, or belongs to. */
  readonly key?: string | undefined;
}

/** Fields of a header, and its entries as runs of bytes. */
export interface Layout {
  readonly fields: readonly Field[];
  readonly metadata: readonly Span[];
  readonly tensors: readonly Span[];
}

export interface Span {
  readonly start: number;
  readonly end: number;
}

const SCALAR_BYTES = [1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8];
const STRING = 8;
const ARRAY = 9;
/** Elements of an array that are fields of their own; further ones are like them. */
const MAX_ELEMENTS = 40;

/** The layout of a header that `originals` made. */
export function layoutOf(header: Uint8Array): Layout {
  const walk = new Walk(header);
  walk.take('magic', 4);
  walk.take('type', 4);
  const tensorCount = walk.number('count', 8);
  const metadataCount = walk.number('count', 8);
  const metadata = Array.from({ length: metadataCount }, () => walk.span(() => walk.entry()));
  const tensors = Array.from({ length: tensorCount }, () => walk.span(() => walk.tensor()));
  return { fields: walk.fields, metadata, tensors };
}

class Walk {
  readonly fields: Field[] = [];
  readonly #view: DataView;
  #at = 0;
  #key: string | undefined;

  constructor(bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  take(kind: Field['kind'], bytes: number): void {
    if (bytes > 0) {
      this.fields.push({ kind, start: this.#at, end: this.#at + bytes, key: this.#key });
    }
    this.#at += bytes;
  }

  /** A field of 4 or 8 bytes and its value. */
  number(kind: Field['kind'], bytes: 4 | 8): number {
    const value = this.#view.getUint32(this.#at, true);
    this.take(kind, bytes);
    return value;
  }

  span(read: () => void): Span {
    const start = this.#at;
    read();
    return { start, end: this.#at };
  }

  entry(): void {
    const key = this.#string('name');
    const type = this.number('type', 4);
    this.#key = key;
    this.#value(type);
    this.#key = undefined;
  }

  tensor(): void {
    this.#string('name');
    const dimensions = this.number('count', 4);
    for (let i = 0; i < dimensions; i++) this.take('extent', 8);
    this.take('type', 4);
    this.take('offset', 8);
  }

  #string(kind: 'text' | 'name'): string {
    const length = this.number('length', 8);
    const start = this.#view.byteOffset + this.#at;
    this.take(kind, length);
    return Buffer.from(this.#view.buffer, start, length).toString();
  }

  #value(type: number): void {
    if (type === STRING) this.#string('text');
    else if (type === ARRAY) this.#array();
    else this.take('number', SCALAR_BYTES[type]!);
  }

  #array(): void {
    const type = this.number('type', 4);
    const count = this.number('count', 8);
    for (let i = 0; i < count; i++) {
      const before = this.fields.length;
      this.#value(type);
      if (i >= MAX_ELEMENTS) this.fields.length = before;
    }
  }
}
