import { withLab } from '../lib/lab.ts';
import type { Check } from '../lib/report.ts';
import { greedyCases } from './greedy-cases.ts';

/** Ties closer than this may fall either way. */
const MIN_GAP = 1e-3;

export const greedyTokens: Check = {
  title:
    'greedy tokens of the bundled model against the PyTorch reference, teacher-forced, in Chromium',
  async run() {
    const cases = greedyCases();
    const choices = await withLab(({ page }) =>
      page.evaluate(
        (given) => window.lab.greedyChoices('../models/pocketbit-actions.gguf', given),
        cases,
      ),
    );
    const tokens = cases.flatMap(({ ids, gaps }, c) =>
      ids.map((id, i) => ({ id, gap: gaps[i]!, own: choices[c]![i]! })),
    );
    const clear = tokens.filter(({ gap }) => gap > MIN_GAP);
    const same = clear.filter(({ id, own }) => id === own).length;
    return [
      {
        label: `tokens whose top-2 gap exceeds ${MIN_GAP}`,
        value: `${same} of ${clear.length} the same (${tokens.length} tokens in ${cases.length} answers)`,
        target: 'all',
        pass: same === clear.length && clear.length > 100,
      },
    ];
  },
};
