import type { Page } from '@playwright/test';
import type { FamilyModel } from '../../tests/models/families.ts';
import { cachedFamily } from '../../tests/models/files.ts';
import { PUBLISHED } from '../../tests/models/published.ts';
import { withLab } from '../lib/lab.ts';
import type { Check, Figure } from '../lib/report.ts';

const TOKENS = 4;
const CONTEXT = 256;
const SEED = 1;

export const published: Check = {
  title: 'files of Bonsai-1.7B’s and BitNet 2B-4T’s shape load and generate in Chromium',
  run: () =>
    withLab(async ({ page }) => {
      const figures: Figure[] = [];
      for (const model of [PUBLISHED['bonsai-1.7b'], PUBLISHED['bitnet-2b4t']] as FamilyModel[]) {
        figures.push(await figureOf(page, model));
      }
      return figures;
    }),
};

async function figureOf(page: Page, model: FamilyModel): Promise<Figure> {
  const name = cachedFamily(model, SEED).split('/').at(-1)!;
  const options = { contextLength: CONTEXT, store: false };
  const found = await page.evaluate(
    async ([url, loadOptions, maxTokens]) => {
      const start = performance.now();
      const loaded = await window.lab.pocketbit.load(url, loadOptions);
      const loadMs = performance.now() - start;
      const answer = loaded.generate('hello there', { maxTokens });
      for await (const _ of answer);
      const { stats } = await answer.result;
      await loaded.close();
      return { loadMs, stats, info: loaded.info };
    },
    [`../files/${name}`, options, TOKENS] as const,
  );
  const { loadMs, stats, info } = found;
  return {
    label: `${model.name}, ${info.parameters.toLocaleString('en')} weights, ${info.artifact}`,
    value:
      `loaded in ${(loadMs / 1000).toFixed(1)} s, ${(info.residentBytes / 1e6).toFixed(0)} MB resident, ` +
      `prompt of ${stats.promptTokens} in ${(stats.promptMs / 1000).toFixed(1)} s, ` +
      `${stats.generatedTokens} tokens at ${stats.tokensPerSecond.toFixed(2)}/s`,
    target: `${TOKENS} tokens`,
    pass: stats.generatedTokens === TOKENS,
  };
}
