import type { ByteSource } from '../../src/source.ts';
import type { Random } from './mutate.ts';

/** Sizes that a file can claim beyond its header; the last is where bytes can no longer be counted. */
const HUGE = [2 ** 20, 2 ** 26, 2 ** 31, 2 ** 32, 2 ** 40, 2 ** 53 - 1];

/** A file that begins with `header` and has `size` bytes in all; the rest is made when it is read. */
export class VirtualFile implements ByteSource {
  readonly size: number;
  readonly header: Uint8Array;
  readonly #fill: 'zeros' | 'ones' | 'header';
  /** Called after each read, with the bytes that were read. */
  onRead: ((length: number) => void) | undefined;

  constructor(header: Uint8Array, size: number, fill: 'zeros' | 'ones' | 'header' = 'zeros') {
    this.header = header;
    this.size = size;
    this.#fill = fill;
  }

  /** Mostly the size the weights ask for; at times less, or far more. */
  static of(header: Uint8Array, fileSize: number, random: Random): VirtualFile {
    const fill = (['zeros', 'ones', 'header'] as const)[random(3)]!;
    switch (random(20)) {
      case 0:
        return new VirtualFile(header, HUGE[random(HUGE.length)]!, fill);
      case 1:
        return new VirtualFile(header, header.length + random(4096), fill);
      default:
        return new VirtualFile(header, Math.max(header.length, fileSize), fill);
    }
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    if (offset < 0 || length < 0 || offset + length > this.size) {
      throw new RangeError(`a read of ${length} bytes at ${offset} of ${this.size}`);
    }
    const bytes = roomFor(offset, length);
    if (offset < this.header.length) bytes.set(this.header.subarray(offset, offset + length));
    this.#fillFrom(bytes, Math.max(0, this.header.length - offset));
    this.onRead?.(length);
    return bytes;
  }

  #fillFrom(bytes: Uint8Array, start: number): void {
    if (this.#fill !== 'header' || this.header.length === 0) {
      bytes.fill(this.#fill === 'ones' ? 255 : 0, start);
      return;
    }
    for (let at = start; at < bytes.length; at += this.header.length) {
      bytes.set(this.header.subarray(0, bytes.length - at), at);
    }
  }
}

/** The first read of every file goes here, one file being used after the other: a million of them make no garbage. */
const FIRST_READ = new Uint8Array(256 * 1024);

function roomFor(offset: number, length: number): Uint8Array {
  const first = offset === 0 && length <= FIRST_READ.length;
  return first ? FIRST_READ.subarray(0, length) : new Uint8Array(length);
}
