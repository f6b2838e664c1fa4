import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from '@playwright/test';
import { bytesSource, createTokenizer, readGguf } from '@pocketbit/core';
import { build } from 'vite';
import { launchOptions } from '../../../tests/support/chromium.ts';
import { bundledModel, cacheFolder } from '../../../tests/support/paths.ts';
import { startSite } from '../../../tests/support/serve.ts';
import type { Check } from '../report.ts';
import { type GreedyCase, greedyCases } from './greedy-cases.ts';
import type {} from './peer/main.ts';

/** llama.cpp rounds activations otherwise than the specification does, so closer choices may differ. */
const LEAST_GAP = 0.5;

export const peer: Check = {
  title:
    '@wllama/wllama 3.8.1 loads the same file in Chromium and agrees on the greedy tokens, teacher-forced',
  async run({ note }) {
    const cases = greedyCases();
    const texts = await inWllama(cases.flatMap(contextsOf), note);
    const tokenizer = createTokenizer(await readGguf(bytesSource(readFileSync(bundledModel))));
    const textOf = (id: number) => (tokenizer.stopIds.has(id) ? '' : tokenizer.decode([id]));
    const tokens = cases.flatMap(({ ids, gaps }) => ids.map((id, i) => ({ id, gap: gaps[i]! })));
    const judged = tokens.map(({ id, gap }, i) => ({ gap, same: texts[i] === textOf(id) }));
    const clear = judged.filter(({ gap }) => gap > LEAST_GAP);
    const same = clear.filter((token) => token.same).length;
    note(
      `of all ${judged.length} tokens, ${judged.filter((token) => token.same).length} are the same`,
    );
    return [
      {
        label: `tokens whose top-2 gap exceeds ${LEAST_GAP}`,
        value: `${same} of ${clear.length} the same`,
        target: 'all',
        pass: same === clear.length && clear.length > 100,
      },
    ];
  },
};

/** The ids before each token of the answer. */
function contextsOf({ promptIds, ids }: GreedyCase): number[][] {
  return ids.map((_, i) => [...promptIds, ...ids.slice(0, i)]);
}

async function inWllama(contexts: number[][], note: (text: string) => void): Promise<string[]> {
  const folder = join(cacheFolder, 'peer');
  await build({
    configFile: false,
    root: join(import.meta.dirname, 'peer'),
    base: './',
    logLevel: 'error',
    build: {
      outDir: folder,
      emptyOutDir: true,
      target: 'es2022',
      assetsInlineLimit: 0,
      chunkSizeWarningLimit: 2000,
    },
  });
  const site = await startSite({ mounts: { '/peer/': folder } });
  const browser = await chromium.launch(launchOptions);
  try {
    const page = await browser.newPage();
    await page.goto(`${site.url}peer/`);
    await page.waitForFunction(() => 'peer' in window);
    note(`libllama ${await page.evaluate(() => window.peer.version)}`);
    return await page.evaluate(
      (given) => window.peer.next('../models/pocketbit-actions.gguf', given),
      contexts,
    );
  } finally {
    await browser.close();
    await site.kill();
  }
}
