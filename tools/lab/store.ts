// The model store as a page sees it, and what a failing disk or a bare IndexedDB does.
import {
  deleteModel,
  exportModel,
  importModel,
  listModels,
  load,
  PocketbitError,
  repairModel,
  storageEstimate,
  verifyModel,
} from 'pocketbit';

type IndexedKey = [kind: string, blob: string, index: number];

/** Changes a byte of chunk `index` of every stored model. */
export async function damageChunk(index: number): Promise<void> {
  const database = await done(indexedDB.open('pocketbit'));
  const objects = database.transaction('models', 'readwrite').objectStore('models');
  const keys = (await done(objects.getAllKeys())) as unknown as IndexedKey[];
  for (const key of keys.filter(([kind, , at]) => kind === 'chunk' && at === index)) {
    const bytes = new Uint8Array(await done(objects.get(key)));
    bytes[5]! ^= 1;
    await done(objects.put(bytes.buffer, key));
  }
  database.close();
}

/** Chunks that are stored, of whatever model. */
export async function chunkCount(): Promise<number> {
  return (await storedKeys()).filter(([kind]) => kind === 'chunk').length;
}

/** The key of everything that the model store holds. */
export async function storedKeys(): Promise<IndexedKey[]> {
  const database = await done(indexedDB.open('pocketbit'));
  const objects = database.transaction('models').objectStore('models');
  const keys = (await done(objects.getAllKeys())) as unknown as IndexedKey[];
  database.close();
  return keys;
}

/** Puts `value` in place of what a store holds under `key`; nothing deletes it. */
export async function putRecord(
  key: IDBValidKey,
  value?: unknown,
  name = 'pocketbit',
  store = 'models',
): Promise<void> {
  const database = await done(indexedDB.open(name));
  const objects = database.transaction(store, 'readwrite').objectStore(store);
  if (value === undefined) await done(objects.delete(key));
  else await done(objects.put(value, key));
  database.close();
}

/** What a store holds under `key`. */
export async function getRecord(
  key: IDBValidKey,
  name = 'pocketbit',
  store = 'models',
): Promise<unknown> {
  const database = await done(indexedDB.open(name));
  const objects = database.transaction(store).objectStore(store);
  const value: unknown = await done(objects.get(key));
  database.close();
  return value;
}

/** Milliseconds to read every chunk that is stored, one after the other, and their bytes. */
export async function readPlainly(): Promise<{ ms: number; bytes: number }> {
  const database = await done(indexedDB.open('pocketbit'));
  const start = performance.now();
  const objects = () => database.transaction('models').objectStore('models');
  const keys = (await done(objects().getAllKeys())) as unknown as IndexedKey[];
  let bytes = 0;
  for (const key of keys.filter(([kind]) => kind === 'chunk')) {
    bytes += ((await done(objects().get(key))) as ArrayBuffer).byteLength;
  }
  database.close();
  return { ms: performance.now() - start, bytes };
}

function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** Milliseconds from `load` to the first token of a prompt of one letter. */
export async function timeToToken(source: string, contextLength: number): Promise<number> {
  const start = performance.now();
  const model = await load(source, { contextLength });
  await model.generate('a', { raw: true, maxTokens: 1 }).result;
  const ms = performance.now() - start;
  await model.close();
  return ms;
}

/** Milliseconds to bring a file into the store, without an engine; and to fetch it and let it go. */
export async function timeToStore(source: string): Promise<{ storeMs: number; fetchMs: number }> {
  const start = performance.now();
  await importModel(source);
  const storeMs = performance.now() - start;
  const reader = (await fetch(source, { cache: 'no-store' })).body!.getReader();
  while (!(await reader.read()).done);
  return { storeMs, fetchMs: performance.now() - start - storeMs };
}

/** Deletes every stored model. */
export async function forgetAll(): Promise<void> {
  for (const { source } of await listModels()) await deleteModel(source);
}

export interface Arrival {
  readonly urls: string[];
  readonly sha256?: string;
  readonly chunkSha256?: string[];
  /** Byte at which the page gives up. */
  readonly leaveAt?: number;
}

/** The SHA-256 of the bytes that are stored after an import, or the code of its error. */
export async function arrive({ urls, leaveAt, ...hashes }: Arrival): Promise<string> {
  const stop = new AbortController();
  try {
    const { source } = await importModel(
      { urls, ...hashes },
      {
        signal: stop.signal,
        onProgress: ({ loadedBytes }) => loadedBytes >= (leaveAt ?? Infinity) && stop.abort(),
      },
    );
    const { stream } = await exportModel(source);
    return await hashOf(await new Response(stream).arrayBuffer());
  } catch (error) {
    return error instanceof PocketbitError ? error.code : `no coded error: ${error}`;
  }
}

/** What a page finds where there is too little room. */
export interface Crowded {
  code: string | null;
  message: string;
  /** Downloads that were left half-way, and whole models. */
  unfinished: number;
  stored: number;
  /** Where the model runs from with `store: 'prefer'`, and a small one that fits, or the error. */
  preferred: string;
  small: string;
}

/** Loads a model that is too large to be kept, and then what can be done about it. */
export async function crowded(model: string, small: string): Promise<Crowded> {
  const failure = await storageOf(model, true).catch(PocketbitError.from);
  const { unfinished } = await storageEstimate();
  const stored = (await listModels()).length;
  const refused = typeof failure === 'string' ? null : failure;
  return {
    code: refused?.code ?? null,
    message: refused?.message ?? 'it was stored',
    unfinished: unfinished.length,
    stored,
    preferred: await storageOf(model, 'prefer').catch(String),
    small: await storageOf(small, true).catch(String),
  };
}

/** Where a loaded model is kept. */
export async function storageOf(source: string, store: boolean | 'prefer'): Promise<string> {
  const model = await load(source, { store, contextLength: 64 });
  await model.close();
  return model.info.storage;
}

/** What the store makes of one file: from a stream, given out again, damaged, put right. */
export async function storeJourney(address: string) {
  const { source, name } = await importModel((await fetch(address)).body!, {
    name: 'streamed.gguf',
  });
  const { stream, sha256 } = await exportModel(source);
  const bytes = await new Response(stream).arrayBuffer();
  const original = await (await fetch(address)).arrayBuffer();
  await damageChunk(0);
  const damaged = await verifyModel(source);
  const repaired = await repairModel(source, { urls: [address] });
  await load(source, { contextLength: 64 }).then((model) => model.close());
  await deleteModel(source);
  return {
    name,
    same: (await hashOf(bytes)) === (await hashOf(original)) && sha256 === (await hashOf(bytes)),
    damaged: damaged.damagedChunks,
    repaired: repaired.repairedChunks,
    left: (await listModels()).filter((model) => model.source === source).length,
  };
}

/** SHA-256 of what is stored as `source`, as it is exported. */
export async function exported(source: string): Promise<string> {
  const { stream } = await exportModel(source);
  return hashOf(await new Response(stream).arrayBuffer());
}

/** SHA-256 of bytes, lower-case hex. */
export const sha256Of = (bytes: BufferSource): Promise<string> => hashOf(bytes);

async function hashOf(bytes: BufferSource): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
