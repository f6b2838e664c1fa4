import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { type ModelPlan, PocketbitError, shardNames } from '@pocketbit/core';
import type { SavedSession } from '@pocketbit/engine';

/** Whom a session belongs to: the SHA-256 of the model's files, KV cache and head format, as in the browser. */
export async function modelKey(path: string, { config }: ModelPlan): Promise<string> {
  const hashes: string[] = [];
  for (const file of shardNames(path) ?? [path]) hashes.push(await sha256(file));
  return [...hashes, config.kv, config.head].join('/');
}

async function sha256(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  return hash.digest('hex');
}

/** Writes a session as JSON, ids as numbers. Errors: `storage`. */
export async function writeSession(path: string, session: SavedSession): Promise<void> {
  const { ids, answer, context: _, ...rest } = session;
  const text = JSON.stringify({ ...rest, ids: [...ids], answer: [...answer] });
  await writeFile(path, `${text}\n`).catch((error: Error) => {
    throw new PocketbitError('storage', `The session was not saved: ${error.message}`);
  });
}

/** Reads what `writeSession` wrote; the model checks what it says. Errors: `storage`, `integrity`. */
export async function readSession(path: string): Promise<SavedSession> {
  const text = await readFile(path, 'utf8').catch((error: Error) => {
    throw new PocketbitError('storage', `The session cannot be read: ${error.message}`);
  });
  try {
    const { ids, answer, ...rest } = JSON.parse(text) as SavedSession;
    return { ...rest, ids: words(ids), answer: words(answer), context: null };
  } catch (cause) {
    throw new PocketbitError('integrity', `${path} holds no saved session. Ask again instead.`, {
      cause,
    });
  }
}

function words(values: Iterable<number>): Uint32Array {
  const list = [...values];
  if (list.every((value) => value >>> 0 === value)) return Uint32Array.from(list);
  throw new TypeError('an id is no 32-bit number');
}
