import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, readlink, realpath, rename, stat, unlink } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { displayName, type ModelPlan, PocketbitError, shardNames } from '@pocketbit/core';
import type { SavedSession } from '@pocketbit/engine';
import { FileSource, notAFile } from './file-source.ts';
import { reasonOf } from './output.ts';

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

/** Writes a session as JSON, ids as numbers, in place of what the path had once it is whole. Errors: `storage`. */
export async function writeSession(path: string, session: SavedSession): Promise<void> {
  const { ids, answer, context: _, ...rest } = session;
  const text = JSON.stringify({ ...rest, ids: [...ids], answer: [...answer] });
  try {
    await replaceFile(path, `${text}\n`);
  } catch (cause) {
    const reason = `${displayName(path)}: ${reasonOf(cause)}`;
    throw new PocketbitError('storage', `The session was not saved: ${reason}`, { cause });
  }
}

async function replaceFile(path: string, text: string): Promise<void> {
  const target = await realpath(path)
    .catch(() => readlink(path).then((to) => resolve(dirname(path), to)))
    .catch(() => path);
  const before = await stat(target).catch(unlessMissing);
  if (before && !before.isFile()) throw new Error(notAFile(before));
  const fresh = join(dirname(target), `.pocketbit-${randomUUID()}.tmp`);
  const file = await open(fresh, 'wx', before ? before.mode & 0o777 : 0o666);
  try {
    await file.writeFile(text);
    if (before) await file.chmod(before.mode & 0o777);
    await file.sync();
    await file.close();
    await rename(fresh, target);
  } catch (error) {
    await file.close().catch(() => {});
    await unlink(fresh).catch(() => {});
    throw error;
  }
}

function unlessMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}

/** Bytes of the largest session read: one of 2^20 tokens has about 12 MB. */
const MAX_SESSION = 256 * 1024 * 1024;

/** Reads what `writeSession` wrote; the model checks what it says. Errors: `storage`, `integrity`. */
export async function readSession(path: string): Promise<SavedSession> {
  const text = await readText(path);
  try {
    const { ids, answer, ...rest } = JSON.parse(text) as SavedSession;
    return { ...rest, ids: words(ids), answer: words(answer), context: null };
  } catch (cause) {
    throw noSession(path, cause);
  }
}

async function readText(path: string): Promise<string> {
  const file = await FileSource.open(path);
  try {
    if (file.size > MAX_SESSION) throw noSession(path);
    return Buffer.from(await file.read(0, file.size)).toString('utf8');
  } finally {
    await file.close();
  }
}

function noSession(path: string, cause?: unknown): PocketbitError {
  const found = `${displayName(path)} holds no saved session. Ask again instead.`;
  return new PocketbitError('integrity', found, { cause });
}

function words(values: Iterable<number>): Uint32Array {
  const list = [...values];
  if (list.every((value) => value >>> 0 === value)) return Uint32Array.from(list);
  throw new TypeError('an id is no 32-bit number');
}
