import { badModel, PocketbitError, unsupported } from '../errors.ts';
import { type ByteSource, joined } from '../source.ts';
import { MAX_HEADER_BYTES, MAX_KEPT_BYTES } from './limits.ts';

// One read is one HTTP request or one IndexedDB record: begin with what holds a small model's header
// and double, so that an 8 MB header costs six reads.
const FIRST_WINDOW_BYTES = 256 * 1024;
const LAST_WINDOW_BYTES = 4 * 1024 * 1024;

/**
 * Reads little-endian values forward from a ByteSource. `need(n)` is the only place that waits or
 * fails for lack of bytes; after it, `n` bytes of the synchronous readers are safe.
 */
export class Cursor {
  readonly #source: ByteSource;
  #window: Uint8Array = new Uint8Array(0);
  #view = new DataView(this.#window.buffer);
  #windowOffset = 0;
  #position = 0;
  #windowBytes = FIRST_WINDOW_BYTES;
  #kept = 0;
  #skipped = 0;

  constructor(source: ByteSource) {
    this.#source = source;
  }

  /** Byte offset in the file of the next value. */
  get offset(): number {
    return this.#windowOffset + this.#position;
  }

  /** Bytes from here to the end of the file. */
  get remaining(): number {
    return this.#source.size - this.offset;
  }

  /** Whether `bytes` can be read without waiting. */
  has(bytes: number): boolean {
    return this.#window.length - this.#position >= bytes;
  }

  /** Makes `bytes` readable, or throws naming `what` could not be read. */
  async need(bytes: number, what: string): Promise<void> {
    if (this.has(bytes)) return;
    this.#refuseTruncated(bytes, what);
    if (this.offset + bytes - this.#skipped > MAX_HEADER_BYTES) {
      throw unsupported(
        `the header reaches past ${MAX_HEADER_BYTES} bytes (${what} at byte ${this.offset}); ` +
          'a header this long is not read',
      );
    }
    await this.#fill(bytes);
  }

  /** Moves past `bytes` without reading them. */
  skip(bytes: number, what: string): void {
    this.#refuseTruncated(bytes, what);
    this.#skipped += bytes;
    this.#advance(bytes);
  }

  /** Counts memory that a caller is about to keep for `what`, or throws where the header has taken too much. */
  keep(bytes: number, what: string): void {
    this.#kept += bytes;
    if (this.#kept <= MAX_KEPT_BYTES) return;
    throw unsupported(
      `the header takes more than ${MAX_KEPT_BYTES} bytes of memory (with ${what}, before byte ` +
        `${this.offset}); a header this large is not read`,
    );
  }

  u8(): number {
    return this.#view.getUint8(this.#advance(1));
  }

  i8(): number {
    return this.#view.getInt8(this.#advance(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#advance(2), true);
  }

  i16(): number {
    return this.#view.getInt16(this.#advance(2), true);
  }

  u32(): number {
    return this.#view.getUint32(this.#advance(4), true);
  }

  i32(): number {
    return this.#view.getInt32(this.#advance(4), true);
  }

  f32(): number {
    return this.#view.getFloat32(this.#advance(4), true);
  }

  f64(): number {
    return this.#view.getFloat64(this.#advance(8), true);
  }

  u64(): bigint {
    return this.#view.getBigUint64(this.#advance(8), true);
  }

  i64(): bigint {
    return this.#view.getBigInt64(this.#advance(8), true);
  }

  /** A u64 used as a count: inexact above 2^53, which every limit refuses anyway. */
  count(): number {
    const at = this.#advance(8);
    return this.#view.getUint32(at, true) + this.#view.getUint32(at + 4, true) * 2 ** 32;
  }

  /** A view of the next `length` bytes, which stay to be read. */
  peek(length: number): Uint8Array {
    return this.#window.subarray(this.#position, this.#position + length);
  }

  /** A view of the next `length` bytes, valid until the next `need`. */
  bytes(length: number): Uint8Array {
    const at = this.#advance(length);
    return this.#window.subarray(at, at + length);
  }

  #refuseTruncated(bytes: number, what: string): void {
    if (bytes <= this.remaining) return;
    throw badModel(
      `the file is truncated: it ends at byte ${this.#source.size}, and ${what} at byte ` +
        `${this.offset} needs ${bytes} bytes; download it again`,
    );
  }

  #advance(bytes: number): number {
    const at = this.#position;
    this.#position += bytes;
    return at;
  }

  async #fill(bytes: number): Promise<void> {
    const rest = this.#window.subarray(this.#position);
    const readAt = this.offset + rest.length;
    const wanted = Math.max(bytes - rest.length, this.#windowBytes);
    const length = Math.min(wanted, this.#source.size - readAt);
    const read = await this.#source.read(readAt, length);
    if (read.length !== length) {
      throw new PocketbitError(
        'storage',
        `a read of ${length} bytes at ${readAt} returned ${read.length}`,
      );
    }
    this.#windowOffset = this.offset;
    this.#position = 0;
    this.#window = rest.length === 0 ? read : joined([rest, read]);
    this.#view = new DataView(this.#window.buffer, this.#window.byteOffset, this.#window.length);
    this.#windowBytes = Math.min(this.#windowBytes * 2, LAST_WINDOW_BYTES);
  }
}
