/**
 * The saved session, version 1: everything an answer depends on, so that another page, worker or visit goes on with the
 * very tokens that an uninterrupted run would have given. It is plain data for structured clone (IndexedDB, postMessage).
 *
 * What an uninterrupted run would hold at this point, and where it is here: the context, `ids` (keys and values follow
 * from them to the bit; `context` is the same as bytes, to save the prefill); the last sampled id, which the context does
 * not hold yet, at the end of `answer`; the sampler, `options` and `random`; the repeat penalty, which looks at the last
 * ids of the context; the decoder of bytes and the filter of stop strings, which `answer` brings back by running through
 * them again.
 */
import { PocketbitError } from '@pocketbit/core';
import type { SamplingOptions, StopReason } from './options.ts';

/** A session that goes on elsewhere; see above. */
export interface SavedSession {
  version: 1;
  /** Whose session it is, see `ModelInfo.key`; another model refuses it. */
  model: string;
  /** What the context holds: prompt and answer, without what a full context has slid out. */
  ids: Uint32Array;
  promptTokens: number;
  /** All ids of the answer so far. */
  answer: Uint32Array;
  options: SamplingOptions;
  /** The random stream's 64 bits, low and high half. */
  random: [low: number, high: number];
  /** Room for the state of a grammar; no grammar exists yet. */
  grammar: null;
  /** Why the answer ended; null while it is being written. Set to null, an ended answer goes on where it can. */
  stopReason: StopReason | null;
  /** The engine's context as bytes (`saveContext`), where it was asked for and small enough. */
  context: Uint8Array | null;
}

/** What a saved session holds besides ids and sampler. */
export interface SaveOptions {
  /** Keys and values are saved too if they take at most so many bytes; default 0, none. They save the prefill. */
  contextBytes?: number;
}

/** Refuses what is no session (`integrity`) or one of another version or model (`unsupported`). */
export function checkSession(value: unknown, model: string, vocab: number): SavedSession {
  const saved = value as SavedSession | null;
  if (typeof saved !== 'object' || saved === null) throw damaged('it is no object');
  if (saved.version !== 1) throw foreign(`it has version ${saved.version}; expected 1`);
  const wrong = wrongField(saved);
  if (wrong) throw damaged(`its "${wrong}" is not what was saved`);
  if (saved.model !== model) throw foreign(`it is of the model ${saved.model}; this is ${model}`);
  const strange = saved.ids.find((id) => id >= vocab);
  if (strange !== undefined) throw foreign(`it has token ${strange}; the vocabulary has ${vocab}`);
  return saved;
}

function wrongField(saved: SavedSession): string | null {
  const { ids, answer, promptTokens, random, options, context } = saved;
  if (!(ids instanceof Uint32Array)) return 'ids';
  if (!(answer instanceof Uint32Array)) return 'answer';
  if (!Number.isInteger(promptTokens) || promptTokens < 0) return 'promptTokens';
  if (!Array.isArray(random) || !random.every(isWord) || random.length !== 2) return 'random';
  if (!isOptions(options)) return 'options';
  if (context !== null && !(context instanceof Uint8Array)) return 'context';
  return null;
}

function isOptions(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const { stop = [] } = value as SamplingOptions;
  return Array.isArray(stop) && stop.every((text) => typeof text === 'string');
}

const isWord = (value: unknown) => Number.isInteger(value) && (value as number) >>> 0 === value;

function damaged(found: string): PocketbitError {
  return new PocketbitError(
    'integrity',
    `The saved session is damaged: ${found}. Ask again instead.`,
  );
}

function foreign(found: string): PocketbitError {
  return new PocketbitError(
    'unsupported',
    `The saved session cannot go on here: ${found}. Load that model, or ask again.`,
  );
}
