import {
  type ByteSource,
  type GgufHeader,
  readGguf,
  readGgufShards,
  shardNames,
} from '@pocketbit/core';
import type { Fit, OpenRequest } from '../protocol.ts';
import { openDatabase } from '../store/database.ts';
import { originOf } from '../store/obtain.ts';
import type { Place } from '../store/origin.ts';
import { openFiles } from './files.ts';
import { fitOf, planOptions } from './fit.ts';

/** Bytes asked for at once; a header with a large vocabulary has several times as many. */
const WINDOW_BYTES = 512 * 1024;

/** How a model fits. Of one that is not stored the header is fetched, and no weights but those of a last window. */
export async function fitAt(request: OpenRequest, signal: AbortSignal): Promise<Fit> {
  return fitOf(await headerAt(request, signal), planOptions(request), request).fit;
}

async function headerAt(request: OpenRequest, signal: AbortSignal): Promise<GgufHeader> {
  const { source } = await originOf(request);
  if (await (await openDatabase())?.manifest(source)) {
    return (await openFiles(request, { signal, report: () => {} })).header;
  }
  const names = (typeof request.source === 'string' && shardNames(request.source)) || [null];
  const windows = names.map(async (name) => {
    const { places } = await originOf(name === null ? request : { ...request, source: name });
    return FileWindow.open(places[0]!, signal);
  });
  const sources = await Promise.all(windows);
  return sources.length > 1 ? (await readGgufShards(sources)).header : readGguf(sources[0]!);
}

/** Reads a file by ranges, ahead of what is asked for. */
class FileWindow implements ByteSource {
  size = Number.MAX_SAFE_INTEGER;
  readonly #place: Place;
  readonly #signal: AbortSignal;
  #start = 0;
  #bytes = new Uint8Array(0);

  private constructor(place: Place, signal: AbortSignal) {
    this.#place = place;
    this.#signal = signal;
  }

  static async open(place: Place, signal: AbortSignal): Promise<FileWindow> {
    const window = new FileWindow(place, signal);
    await window.read(0, 0);
    return window;
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    const inside = offset >= this.#start && offset + length <= this.#start + this.#bytes.length;
    if (!inside || this.#bytes.length === 0) {
      this.#bytes = await this.#fetch(offset, Math.max(length, WINDOW_BYTES));
      this.#start = offset;
    }
    const at = offset - this.#start;
    return this.#bytes.subarray(at, at + length);
  }

  /** Up to `length` bytes; fewer at the end of the file. */
  async #fetch(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    const end = Math.min(offset + length, this.size);
    const opened = await this.#place.open(offset, null, this.#signal, end);
    this.size = opened.size ?? this.size;
    const out = new Uint8Array(Math.min(length, this.size - offset));
    const reader = opened.stream.getReader();
    let filled = 0;
    for (let at = opened.offset; filled < out.length; ) {
      const { value } = await reader.read();
      if (!value) break;
      const part = value.subarray(Math.max(0, offset - at)).subarray(0, out.length - filled);
      out.set(part, filled);
      filled += part.length;
      at += value.length;
    }
    await reader.cancel();
    return out.subarray(0, filled);
  }
}
