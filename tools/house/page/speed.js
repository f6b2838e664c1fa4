// Two builds of the package in one page, in turns: what disturbs one disturbs the other.

/** @typedef {import('pocketbit').Model} Model */

/**
 * @param {{dists: string[], model: string, prompts: string[], decodeTokens: number, warmUps: number, rounds: number}} asked
 *   `prompts` share no first token and are used in turn
 * @returns {Promise<{prefill: number, decode: number}[][]>} tokens a second, [rounds][dists]
 */
async function rates({ dists, model, prompts, decodeTokens, warmUps, rounds }) {
  const models = await openAll(dists, model);
  const all = [];
  for (let round = 0; round < warmUps + rounds; round++) {
    const samples = [];
    // Whoever comes second finds the machine as the first one left it, so they change places.
    const order = dists.map((_, i) => (round + i) % dists.length);
    for (const i of order)
      samples[i] = await sample(models[i], prompts[round % prompts.length], decodeTokens);
    if (round >= warmUps) all.push(samples);
  }
  for (const loaded of models) await loaded.close();
  return all;
}

async function openAll(dists, model) {
  const models = [];
  for (const dist of dists) {
    const { load } = await import(`${dist}index.js`);
    models.push(await load(model, { kernels: 'default', contextLength: 512 }));
  }
  return models;
}

/** @param {Model} model */
async function sample(model, prompt, decodeTokens) {
  const options = { raw: true, maxTokens: decodeTokens };
  const { stats } = await model.generate(prompt, options).result;
  if (stats.cachedTokens > 0) throw new Error('a part of the prompt was cached');
  if (stats.generatedTokens < decodeTokens) throw new Error('the answer ended early');
  return { prefill: (1000 * stats.promptTokens) / stats.promptMs, decode: stats.tokensPerSecond };
}

/** Milliseconds of loads from IndexedDB, [rounds][dists]. */
async function loads({ dists, model, warmUps, rounds }) {
  const all = [];
  for (let round = 0; round < warmUps + rounds; round++) {
    const samples = [];
    const order = dists.map((_, i) => (round + i) % dists.length);
    for (const i of order) samples[i] = await warmLoad(dists[i], model);
    if (round >= warmUps) all.push(samples);
  }
  return all;
}

async function warmLoad(dist, model) {
  const { load } = await import(`${dist}index.js`);
  const start = performance.now();
  const loaded = await load(model, { kernels: 'default', contextLength: 512 });
  const ms = performance.now() - start;
  await loaded.close();
  return ms;
}

export const speed = { rates, loads };
