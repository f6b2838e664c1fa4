import type { StorageKind } from '../protocol.ts';
import { openDatabase } from './database.ts';

/** A model kept in this browser. */
export interface StoredModel {
  /** What `load` accepts to open it: the URL it came from, or a `stored:` id for a local file. */
  source: string;
  name: string;
  /** Bytes of the file. */
  bytes: number;
  /** SHA-256 of the whole file, lower-case hex. */
  sha256: string;
  storage: StorageKind;
  storedAt: Date;
}

/** The whole models kept in this browser; empty where there is no IndexedDB. */
export async function listModels(): Promise<StoredModel[]> {
  const store = await openDatabase();
  const manifests = (await store?.list()) ?? [];
  return manifests.map((manifest) => ({
    source: manifest.source,
    name: manifest.name,
    bytes: manifest.size,
    sha256: manifest.sha256,
    storage: 'indexeddb',
    storedAt: new Date(manifest.storedAt),
  }));
}

/** Deletes a stored model, or what was kept of an unfinished download. `source` as in `listModels`. */
export async function deleteModel(source: string): Promise<void> {
  await (await openDatabase())?.remove(source);
}
