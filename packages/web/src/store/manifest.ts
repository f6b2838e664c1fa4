import type { StorageKind } from '../protocol.ts';

/** Size of one stored record. iOS WebKit fails on blobs above 200 MB and Firefox above 255 MiB a value. */
export const CHUNK_BYTES = 4 * 1024 * 1024;

/** A model on its way: what is already kept, so that a broken download goes on where it stopped. */
export interface Draft {
  version: 1;
  /** Absolute URL, or `stored:` id of a local file. */
  source: string;
  name: string;
  /** Whole file, bytes; null while the server has not said. */
  size: number | null;
  chunkBytes: number;
  /** SHA-256 of each kept chunk, lower-case hex, in file order. */
  hashes: string[];
  /** Key part shared by this file's chunks, so that a new version never overwrites the old one. */
  blob: string;
  /** Strong ETag of the response, for If-Range. */
  etag: string | null;
}

/** A model that is whole. Written last, so a model is either complete or absent. */
export interface Manifest extends Draft {
  size: number;
  /** SHA-256 of the whole file. */
  sha256: string;
  /** Milliseconds since 1970. */
  storedAt: number;
}

/** A place for chunks. The worker downloads into one and loads from it. */
export interface ModelStore {
  readonly kind: StorageKind;
  manifest(source: string): Promise<Manifest | undefined>;
  draft(source: string): Promise<Draft | undefined>;
  chunk(blob: string, index: number): Promise<ArrayBuffer | undefined>;
  /** Keeps one chunk and, in the same transaction, the draft that counts it. */
  putChunk(draft: Draft, index: number, bytes: ArrayBuffer): Promise<void>;
  /** Puts a repaired chunk back. */
  replaceChunk(blob: string, index: number, bytes: ArrayBuffer): Promise<void>;
  dropChunk(blob: string, index: number): Promise<void>;
  /** Writes the manifest, then forgets the draft and the version it replaces. */
  commit(manifest: Manifest): Promise<void>;
  /** Forgets an unfinished download and its chunks. */
  discard(draft: Draft): Promise<void>;
  /** Forgets manifest, draft and chunks. */
  remove(source: string): Promise<void>;
  list(): Promise<Manifest[]>;
}
