import { type FileHandle, open } from 'node:fs/promises';
import { type ByteSource, PocketbitError } from '@pocketbit/core';

/** A ByteSource over a local file, open until closed. */
export class FileSource implements ByteSource {
  readonly #file: FileHandle;
  readonly size: number;

  private constructor(file: FileHandle, size: number) {
    this.#file = file;
    this.size = size;
  }

  static async open(path: string): Promise<FileSource> {
    try {
      const file = await open(path, 'r');
      const stat = await file.stat();
      if (stat.isFile()) return new FileSource(file, stat.size);
      await file.close();
    } catch (cause) {
      throw new PocketbitError('storage', `cannot open ${path}: ${reasonOf(cause)}`, { cause });
    }
    throw new PocketbitError('storage', `cannot open ${path}: it is not a file`);
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

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' ? 'no such file' : (message ?? String(error));
}
