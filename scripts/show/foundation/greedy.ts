import { withLab } from '../../bench/lab.ts';
import type { Check } from '../report.ts';
import { greedyCases } from './greedy-cases.ts';

/** Ties closer than this may fall either way. */
const LEAST_GAP = 1e-3;

export const greedyTokens: Check = {
  title:
    'greedy tokens of the bundled model against the PyTorch reference, teacher-forced, in Chromium',
  async run() {
    const cases = greedyCases();
    const choices = await withLab(({ page }) =>
      page.evaluate(async (given) => {
        const model = await window.lab.pocketbit.load('../models/pocketbit-actions.gguf', {
          kv: 'f32',
        });
        const best = (row: Float32Array) =>
          row.reduce((top, value, id) => (value > row[top]! ? id : top), 0);
        const found: number[][] = [];
        for (const { promptIds, ids } of given) {
          const own: number[] = [];
          for (const i of ids.keys())
            own.push(best(await model.logits([...promptIds, ...ids.slice(0, i)])));
          found.push(own);
        }
        return found;
      }, cases),
    );
    const tokens = cases.flatMap(({ ids, gaps }, c) =>
      ids.map((id, i) => ({ id, gap: gaps[i]!, own: choices[c]![i]! })),
    );
    const clear = tokens.filter(({ gap }) => gap > LEAST_GAP);
    const same = clear.filter(({ id, own }) => id === own).length;
    return [
      {
        label: `tokens whose top-2 gap exceeds ${LEAST_GAP}`,
        value: `${same} of ${clear.length} the same (${tokens.length} tokens in ${cases.length} answers)`,
        target: 'all',
        pass: same === clear.length && clear.length > 100,
      },
    ];
  },
};
