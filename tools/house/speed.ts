// This tree's package against the baseline's in one page of one Chromium, in turns, on one server and one stored file.
import { median, quantile } from '@pocketbit/ui';
import { root } from '../../tests/support/paths.ts';
import { bounded, type Check, type Context, type Figure } from '../lib/report.ts';
import { workloadOf } from '../speed/models.ts';
import { BASELINE, baselineTree } from './baseline.ts';
import { distOf, withHouse } from './browser.ts';

const MODELS = ['125m-tq2_0', '125m-q1_0'];
const MIN_RATIO = 0.98;
const COUNTS = { promptTokens: 64, decodeTokens: 16 };
/** Enough is known where a median's standard error is a quarter of what may be lost; a busy machine ends at `max`. */
const PLANS = {
  brief: { warmUps: 2, min: 12, max: 30, precision: 0.005 },
  full: { warmUps: 3, min: 40, max: 200, precision: 0.003 },
};
const DISTS = [distOf(0), distOf(1)];

/** Milliseconds of old, new, new, old. */
type Block = readonly [number, number, number, number];

export const speed: Check = {
  title: `prefill, decode and warm loads against ${BASELINE}, in turns, by the median of the ratios`,
  async run(context) {
    const trees = [await baselineTree(), root];
    const figures: Figure[] = [];
    for (const model of MODELS) figures.push(...(await figuresOf(trees, model, context)));
    return figures;
  },
};

async function figuresOf(trees: readonly string[], model: string, { full, note }: Context) {
  const { url, prompts } = await workloadOf(model, COUNTS);
  const plan = full ? PLANS.full : PLANS.brief;
  const common = { dists: DISTS, model: url.replace('..', ''), plan };
  const asked = { ...common, prompts: [...prompts], decodeTokens: COUNTS.decodeTokens };
  return withHouse(trees, async (page) => {
    const rates = await page.evaluate((given) => window.house.speed.rates(given), asked);
    const loads = await page.evaluate((given) => window.house.speed.loads(given), common);
    return [
      figureOf(`${model}, prefill`, timesOf(rates, 'prefill'), note),
      figureOf(`${model}, decode`, timesOf(rates, 'decode'), note),
      figureOf(`${model}, warm load`, timesOf(loads, 'load'), note),
    ];
  });
}

function timesOf(blocks: readonly Record<string, number>[][], name: string): Block[] {
  return blocks.map((block) => block.map((times) => times[name]!) as unknown as Block);
}

/** The speed of the new one by that of the old one, beside what the old one differs by from itself: the noise. */
function figureOf(label: string, blocks: readonly Block[], note: Context['note']): Figure {
  const ratios = blocks.map(([a, b, c, d]) => (a + d) / (b + c));
  const noise = blocks.map(([a, , , d]) => a / d);
  const old = blocks.flatMap(([a, , , d]) => [a, d]);
  const own = blocks.flatMap(([, b, c]) => [b, c]);
  note(
    `${label}: old ${milliseconds(median(old))}, new ${milliseconds(median(own))}, by the quicker quarters ` +
      `${(quantile(old, 0.25) / quantile(own, 0.25)).toFixed(3)} ×; ${blocks.length} blocks, half of their ratios ` +
      `${spread(ratios)}, of old by old ${spread(noise)} about ${median(noise).toFixed(3)}`,
  );
  const named = `${label} (± ${errorOf(ratios).toFixed(3)})`;
  return bounded(named, median(ratios), { min: MIN_RATIO }, (ratio) => `${ratio.toFixed(3)} ×`);
}

/** Standard error of the median: that of a bell with these quartiles. */
function errorOf(ratios: readonly number[]): number {
  const quartiles = quantile(ratios, 0.75) - quantile(ratios, 0.25);
  return ((1.253 / 1.349) * quartiles) / Math.sqrt(ratios.length);
}

const milliseconds = (ms: number) => `${ms.toFixed(ms < 100 ? 2 : 0)} ms`;

function spread(ratios: readonly number[]): string {
  return `${quantile(ratios, 0.25).toFixed(3)} to ${quantile(ratios, 0.75).toFixed(3)}`;
}
