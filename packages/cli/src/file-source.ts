import { constants, type Stats } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { type ByteSource, displayName, PocketbitError } from '@pocketbit/core';
import { reasonOf } from './output.ts';

/** A ByteSource over a local file, open until closed. */
export class FileSource implements ByteSource {
  readonly #file: FileHandle;
  readonly size: number;

  private constructor(file: FileHandle, size: number) {
    this.#file = file;
    this.size = size;
  }

  /** Opens a regular file; nothing else, as a FIFO would be waited for. Errors: `storage`. */
  static async open(path: string): Promise<FileSource> {
    try {
      const before = await stat(path);
      if (!before.isFile()) throw new Error(notAFile(before));
      // What has become a FIFO since is opened without waiting, too.
      const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
      const found = await file.stat();
      if (found.isFile()) return new FileSource(file, found.size);
      await file.close();
      throw new Error(notAFile(found));
    } catch (cause) {
      const reason = `cannot open ${displayName(path)}: ${reasonOf(cause)}`;
      throw new PocketbitError('storage', reason, { cause });
    }
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(length);
    let done = 0;
    while (done < length) {
      const { bytesRead } = await this.#file.read(bytes, done, length - done, offset + done);
      if (bytesRead === 0) {
        throw new PocketbitError('storage', `the file ended at ${offset + done} while it was read`);
      }
      done += bytesRead;
    }
    return bytes;
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}

/** What a path is that is no regular file. */
export function notAFile(found: Stats): string {
  return `it is ${kindOf(found)}, not a file`;
}

function kindOf(found: Stats): string {
  if (found.isDirectory()) return 'a folder';
  if (found.isFIFO()) return 'a FIFO';
  return found.isSocket() ? 'a socket' : 'a device';
}
