// A page that reaches a built `pocketbit` package by its address, so that one script asks two builds alike.
import * as origin from './origin.js';
import { speed } from './speed.js';
import { encode } from './values.js';

const TIMING_MS = 30_000;

/** @typedef {typeof import('pocketbit')} Pocketbit */
/** @typedef {import('pocketbit').LoadOptions} LoadOptions */

/** @returns {Promise<Pocketbit>} the package whose dist folder is served at `dist` */
export function packageAt(dist) {
  return import(`${dist}index.js`);
}

/**
 * SHA-256 of the logits after every one of `ids`, [ids][vocab] as little-endian floats.
 * @param {{dist: string, model: string, ids: number[], options: LoadOptions}} asked
 */
async function logitsHash({ dist, model, ids, options }) {
  const { load } = await packageAt(dist);
  const loaded = await load(model, { store: false, kernels: 'default', ...options });
  const rows = [];
  for (const i of ids.keys()) rows.push(await loaded.logits(ids.slice(0, i + 1)));
  await loaded.close();
  const all = new Float32Array(rows.flatMap((row) => [...row]));
  return { artifact: loaded.info.artifact, sha256: await sha256(new Uint8Array(all.buffer)) };
}

/**
 * The session of a whole answer as JSON, and the SHA-256 of the context that it was saved with.
 * @param {{dist: string, model: string, prompt: string, load: LoadOptions, options: import('pocketbit').GenerateOptions}} asked
 */
async function savedSession({ dist, model, prompt, load: given, options }) {
  const { load } = await packageAt(dist);
  const loaded = await load(model, { store: false, ...given });
  const { ids, text } = await loaded.generate(prompt, options).result;
  const saved = await loaded.save({ contextBytes: 2 ** 30 });
  await loaded.close();
  const { context, ...rest } = saved ?? { context: null };
  if (!context) throw new Error('the session was saved without its context');
  return {
    ids,
    text,
    session: encode(rest),
    contextBytes: context.length,
    contextSha256: await sha256(context),
  };
}

/** @param {Uint8Array} bytes */
async function sha256(bytes) {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Loads a model and closes it, so that the store and the timings are written. */
async function store({ dist, model, options = {} }) {
  const { load } = await packageAt(dist);
  const loaded = await load(model, options);
  await loaded.generate('a', { raw: true, maxTokens: 1 }).result;
  // An idle worker times kernels, and stores what it found.
  const deadline = performance.now() + TIMING_MS;
  while ((await origin.storedTimings()) === 0) {
    if (performance.now() > deadline) throw new Error('no kernels were timed');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  await loaded.close();
}

/** Stops a download as soon as a part of it is stored. */
async function storeHalf({ dist, model }) {
  const { importModel, storageEstimate } = await packageAt(dist);
  const stop = new AbortController();
  const stopped = importModel(model, { signal: stop.signal }).catch(({ code }) => code);
  const source = new URL(model, document.baseURI).href;
  for (;;) {
    const { unfinished } = await storageEstimate();
    if (unfinished.some((each) => each.source === source && each.loadedBytes > 0)) break;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  stop.abort();
  return stopped;
}

/** The rest of a download, then an answer of its model. */
async function storeRest({ dist, model, prompt, options }) {
  const { load, verifyModel } = await packageAt(dist);
  const loaded = await load(model, { kernels: 'default' });
  const { ids } = await loaded.generate(prompt, options).result;
  await loaded.close();
  const { damagedChunks } = await verifyModel(loaded.info.source);
  return { ids, damagedChunks, sha256: loaded.info.sha256 };
}

/** Stores the session of a cut answer with its keys and values, and gives the ids it had. */
async function storeSession({ dist, model, prompt, options, cut }) {
  const { load } = await packageAt(dist);
  const loaded = await load(model);
  const stream = loaded.generate(prompt, options);
  let count = 0;
  let saved = null;
  for await (const { ids } of stream) {
    count += ids.length;
    if (count < cut) continue;
    saved = await loaded.save({ contextBytes: 2 ** 30 });
    break;
  }
  await loaded.close();
  await origin.storeValue(saved);
  return saved.answer.length;
}

/** Goes on with the session that was stored, to its end. */
async function restoreSession({ dist, model }) {
  const { load } = await packageAt(dist);
  const loaded = await load(model);
  const { ids, text, stats } = await loaded.restore(await origin.storedValue()).result;
  await loaded.close();
  return { ids, text, cachedTokens: stats.cachedTokens };
}

export const house = {
  logitsHash,
  savedSession,
  store,
  storeHalf,
  storeRest,
  storeSession,
  restoreSession,
  speed,
  readOrigin: () => origin.readOrigin(),
  writeOrigin: origin.writeOrigin,
};

Object.assign(window, { house });
