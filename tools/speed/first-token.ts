import { median } from '@pocketbit/ui';
import { bundledModel } from '../../tests/support/paths.ts';
import { withLab } from '../lib/lab.ts';
import { bounded, type Check } from '../lib/report.ts';
import { promptsOf } from './prompts.ts';

const TOKENS = 128;
const WARM_UPS = 6;
const RUNS = 15;

export const firstToken: Check = {
  title: `first token of the bundled model for a ${TOKENS}-token prompt, warm, in Chromium: generate() to first chunk`,
  async run({ note }) {
    const prompts = await promptsOf(
      bundledModel,
      TOKENS,
      WARM_UPS + RUNS,
      '<|im_end|>\n<|im_start|>assistant\n',
    );
    const { artifact, times } = await withLab(({ page }) =>
      page.evaluate(
        async ([texts, warmUps]) => {
          const model = await window.lab.pocketbit.load('../models/pocketbit-actions.gguf');
          return {
            artifact: model.info.artifact,
            times: await window.lab.firstTokenTimes(model, texts, warmUps),
          };
        },
        [prompts, WARM_UPS] as const,
      ),
    );
    const show = (value: number) => `${value.toFixed(1)} ms`;
    note(
      `${artifact}; ${times.length} prompts without a shared prefix; least ${show(Math.min(...times))}, most ${show(Math.max(...times))}`,
    );
    return [bounded('median', median(times), { max: 89 }, show)];
  },
};
