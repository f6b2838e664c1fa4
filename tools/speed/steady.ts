import { cpus } from 'node:os';
import { bounded, type Check } from '../lib/report.ts';
import { steadiness } from './compare.ts';

const MODELS = ['125m-tq2_0'];

export const steady: Check = {
  title: 'times between the tokens of a 512-token answer in Chromium, p95 over p50',
  async run({ full, note }) {
    const figures = [];
    for (const model of full ? [...MODELS, '350m-tq2_0', '125m-q1_0'] : MODELS) {
      const { ratio, p50, p95, tokens } = await steadiness(model);
      note(`${model}: ${tokens} tokens, p50 ${p50.toFixed(2)} ms, p95 ${p95.toFixed(2)} ms`);
      const loaded = await steadiness(model, cpus().length);
      note(`${model} beside ${cpus().length} busy pages: p95 over p50 ${loaded.ratio.toFixed(2)}`);
      const show = (value: number) => value.toFixed(2);
      figures.push(bounded(`${model}: idle`, ratio, { max: 1.5 }, show));
    }
    return figures;
  },
};
