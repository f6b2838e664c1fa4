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
import { isCount, isOneOf, isText, orNull, PocketbitError } from '@pocketbit/core';
import { type SamplingOptions, type StopReason, samplingOf } from './options.ts';

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

/** Ids of one answer, or of a context: more than any holds. */
const MAX_IDS = 2 ** 22;

const FIELDS: { [K in Exclude<keyof SavedSession, 'version'>]: (value: unknown) => boolean } = {
  model: isText,
  ids: isIds,
  promptTokens: isCount,
  answer: isIds,
  options: isRecord,
  random: (value) => Array.isArray(value) && value.length === 2 && value.every(isWord),
  grammar: (value) => value === null,
  stopReason: orNull(isOneOf('eos', 'length', 'stop', 'aborted', 'context-full')),
  context: (value) => value === null || value instanceof Uint8Array,
};

/**
 * The session in a value from outside, each field read once and checked. Errors: `integrity` for what is no session,
 * `unsupported` for one of a later version, another model or another vocabulary.
 */
export function checkSession(value: unknown, model: string, vocab: number): SavedSession {
  const saved = copied(value);
  if (saved.model !== model) {
    throw foreign(`it is of the model ${saved.model.slice(0, 80)}; this is ${model}`);
  }
  for (const ids of [saved.ids, saved.answer]) {
    const strange = ids.find((id) => id >= vocab);
    if (strange !== undefined) {
      throw foreign(`it has token ${strange}; the vocabulary has ${vocab}`);
    }
  }
  return saved;
}

/** A copy that nobody else can change. */
function copied(value: unknown): SavedSession {
  try {
    if (!isRecord(value)) throw damaged('it is no object');
    const { version, ...saved } = { ...value } as Record<keyof SavedSession, unknown>;
    if (isCount(version) && version > 1) throw foreign(`it has version ${version}; expected 1`);
    if (isRecord(saved.options)) saved.options = samplingOf(saved.options);
    if (Array.isArray(saved.random)) saved.random = Array.from(saved.random.slice(0, 3));
    const wrong = Object.entries(FIELDS).find(([name, is]) => !is(Reflect.get(saved, name)))?.[0];
    if (wrong || version !== 1) throw damaged(`its "${wrong ?? 'version'}" is not what was saved`);
    const { ids, answer, ...rest } = saved as Omit<SavedSession, 'version'>;
    return { version, ...rest, ids: new Uint32Array(ids), answer: new Uint32Array(answer) };
  } catch (error) {
    if (error instanceof PocketbitError) throw error;
    throw damaged('it cannot be read');
  }
}

function isRecord(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isIds(value: unknown): boolean {
  return value instanceof Uint32Array && value.length <= MAX_IDS;
}

function isWord(value: unknown): boolean {
  return isCount(value) && value >>> 0 === value;
}

/** The error for a session that is not as it was saved. */
export function damaged(found: string): PocketbitError {
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
