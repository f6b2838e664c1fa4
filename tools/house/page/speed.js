// Two builds of the package in one page, in turns: what disturbs one disturbs the other.

/** @typedef {import('pocketbit').Model} Model */
/** @typedef {Record<string, number>} Times milliseconds by what took them */
/** @typedef {{warmUps: number, min: number, max: number, precision: number}} Plan
 *   blocks that do not count, blocks at least and at most, and the standard error of the ratios at which it is enough */

/** Old, new, new, old: what grows with time falls on both, and each follows itself as often as the other. */
const ORDER = [0, 1, 1, 0];

/**
 * Blocks of four samples, until their ratios are known well enough.
 * @param {Plan} plan
 * @param {(which: number) => Promise<Times>} sample
 * @returns {Promise<Times[][]>} [blocks][4]
 */
async function blocksOf({ warmUps, min, max, precision }, sample) {
  const blocks = [];
  for (let i = 0; i < warmUps + max; i++) {
    const block = [];
    for (const which of ORDER) block.push(await sample(which));
    if (i >= warmUps) blocks.push(block);
    if (blocks.length >= min && worstError(blocks) < precision) break;
  }
  return blocks;
}

/** The largest standard error of a median of ratios, from the distance of the quartiles. */
function worstError(blocks) {
  const names = Object.keys(blocks[0][0]);
  return Math.max(...names.map((name) => errorOf(blocks.map((block) => ratio(block, name)))));
}

function ratio([a, b, c, d], name) {
  return (a[name] + d[name]) / (b[name] + c[name]);
}

function errorOf(ratios) {
  const sorted = ratios.toSorted((a, b) => a - b);
  const at = (share) => sorted[Math.round(share * (sorted.length - 1))];
  // A median's error is 1.253 deviations by √n, and the quartiles of a bell lie 1.349 deviations apart.
  return ((1.253 / 1.349) * (at(0.75) - at(0.25))) / Math.sqrt(ratios.length);
}

/**
 * Milliseconds of prompts and of tokens.
 * @param {{dists: string[], model: string, prompts: string[], decodeTokens: number, plan: Plan}} asked
 *   `prompts` share no first token and are used in turn
 */
async function rates({ dists, model, prompts, decodeTokens, plan }) {
  const models = [];
  for (const dist of dists) models.push(await open(dist, model));
  let asked = 0;
  const blocks = await blocksOf(plan, (which) =>
    answer(models[which], prompts[asked++ % prompts.length], decodeTokens),
  );
  for (const loaded of models) await loaded.close();
  return blocks;
}

/** Both with the kernels of their own order: timed ones would be another difference. */
async function open(dist, model) {
  const { load } = await import(`${dist}index.js`);
  return load(model, { kernels: 'default', contextLength: 512 });
}

/** @param {Model} model @returns {Promise<Times>} */
async function answer(model, prompt, decodeTokens) {
  const options = { raw: true, maxTokens: decodeTokens };
  const { stats } = await model.generate(prompt, options).result;
  if (stats.cachedTokens > 0) throw new Error('a part of the prompt was cached');
  if (stats.generatedTokens < decodeTokens) throw new Error('the answer ended early');
  return { prefill: stats.promptMs / stats.promptTokens, decode: 1000 / stats.tokensPerSecond };
}

/**
 * Milliseconds of loads from IndexedDB, of one file that both builds read.
 * @param {{dists: string[], model: string, plan: Plan}} asked
 */
function loads({ dists, model, plan }) {
  return blocksOf(plan, async (which) => {
    const start = performance.now();
    const loaded = await open(dists[which], model);
    const load = performance.now() - start;
    await loaded.close();
    return { load };
  });
}

export const speed = { rates, loads };
