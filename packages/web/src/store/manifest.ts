import {
  isCount,
  isFirstVersion,
  isListOf,
  isNumber,
  isRecordOf,
  isText,
  orNone,
  orNull,
  PocketbitError,
  type Shape,
  shape,
} from '@pocketbit/core';
import type { StorageKind } from '../protocol.ts';

/** Size of one stored record. iOS WebKit fails on blobs above 200 MB and Firefox above 255 MiB a value. */
export const CHUNK_BYTES = 4 * 1024 * 1024;

/** A model on its way: what is already stored, so that a broken download goes on where it stopped. */
export interface Draft {
  /** Absent in early records. A later one says that this build cannot read it. */
  version?: 1 | undefined;
  /** Absolute URL, or `stored:` id of a local file. */
  source: string;
  name: string;
  /** Whole file, bytes; null while the server has not said. */
  size: number | null;
  chunkBytes: number;
  /** Hash of each stored chunk (hash.ts), in file order. */
  hashes: string[];
  /** Key part shared by this file's chunks, so that a new version never overwrites the old one. */
  blob: string;
  /** Strong ETag or date of the response, for If-Range. */
  etag: string | null;
  /** The address that gave it; other addresses have other validators. */
  from?: string | undefined;
  /** Every address of the file, for repairs; absent where `source` is the only one. */
  urls?: string[] | undefined;
  /** When the download that writes it began, milliseconds since 1970, later than any before it: the latest one counts. */
  begun?: number | undefined;
}

/** A model that is whole. Written last, so a model is either complete or absent. */
export interface Manifest extends Draft {
  size: number;
  /** SHA-256 of the whole file. */
  sha256: string;
  /** Milliseconds since 1970. */
  storedAt: number;
}

const DRAFT = {
  version: isFirstVersion,
  source: isText,
  name: isText,
  size: orNull(isCount),
  chunkBytes: isCount,
  hashes: isListOf(isText),
  blob: isText,
  etag: orNull(isText),
  from: orNone(isText),
  urls: orNone(isListOf(isText)),
  begun: orNone(isNumber),
};

export const isDraft = isRecordOf<Draft>(DRAFT);

const hasManifestFields = isRecordOf<Manifest>({
  ...DRAFT,
  size: isCount,
  sha256: isText,
  storedAt: isNumber,
});

export const isManifest = shape<Manifest>(
  (value) =>
    hasManifestFields(value) && Math.ceil(value.size / value.chunkBytes) === value.hashes.length,
);

/** `record` of `source` where it can be read; undefined where it is not there, or mangled. Throws `storage` where a later build wrote it. */
export function readable<T extends Draft>(
  record: unknown,
  is: Shape<T>,
  source: string,
): T | undefined {
  if (is(record) && record.source === source) return record;
  if (Number((record as Partial<Record<string, unknown>> | null | undefined)?.version) > 1) {
    throw new PocketbitError(
      'storage',
      `A later version of this page stored ${source}, and this one cannot read it. Reload the page to update it, or delete the stored model.`,
    );
  }
  return undefined;
}

/** What a store holds of one source. */
export interface StoredEntry {
  source: string;
  /** Records that this build cannot read, as they are. */
  unreadable?: unknown[];
  manifest?: Manifest;
  draft?: Draft;
  /** When a model was last loaded from it, milliseconds since 1970. */
  usedAt?: number;
}

/** A store of chunks. The worker downloads into one and loads from it. */
export interface ModelStore {
  readonly kind: StorageKind;
  manifest(source: string): Promise<Manifest | undefined>;
  draft(source: string): Promise<Draft | undefined>;
  /** Undefined where it is not there. Rejects where it cannot be read now. */
  chunk(blob: string, index: number): Promise<ArrayBuffer | undefined>;
  /** Stores one chunk and, in the same transaction, the draft that lists it. */
  putChunk(draft: Draft, index: number, bytes: ArrayBuffer): Promise<void>;
  /** Puts a repaired chunk in the place of what is stored. Errors: `storage` where nothing lists it any more. */
  replaceChunk(blob: string, index: number, bytes: ArrayBuffer): Promise<void>;
  dropChunk(blob: string, index: number): Promise<void>;
  /** Writes the manifest and deletes the draft, both or neither, and the version it replaces. */
  commit(manifest: Manifest, draft: Draft): Promise<void>;
  /** Deletes an unfinished download and its chunks. */
  discard(draft: Draft): Promise<void>;
  /** Deletes manifest, draft and chunks. */
  remove(source: string): Promise<void>;
  /** From now on holds everything in memory; stores without it cannot. */
  overflow?(): void;
  /** The model was loaded: notes when. Where it is not stored any more, `kind` is `memory` from now on. */
  touch(source: string): Promise<void>;
}
