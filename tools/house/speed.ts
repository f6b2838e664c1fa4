// This tree's package against the baseline's in one page of one Chromium, in turns, on one server and one stored file.
import { median, quantile } from '../../apps/bench/src/statistics.ts';
import { workloadOf } from '../../scripts/bench/models.ts';
import { bounded, type Check, type Context, type Figure } from '../../scripts/show/report.ts';
import { root } from '../../tests/support/paths.ts';
import { BASELINE, baselineTree } from './baseline.ts';
import { distOf, withHouse } from './browser.ts';

const MODELS = ['125m-tq2_0', '125m-q1_0'];
const LEAST = 0.98;
const PROMPT_TOKENS = 128;
const DECODE_TOKENS = 32;
const WARM_UPS = 3;
const ROUNDS = { brief: 15, full: 45 };

/** The baseline stands there twice: what its two copies differ by is noise. */
const CONTENDERS = ['old', 'new', 'old again'] as const;
const DISTS = [distOf(0), distOf(1), distOf(0)];

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
  const counts = { promptTokens: PROMPT_TOKENS, decodeTokens: DECODE_TOKENS };
  const { url, prompts } = await workloadOf(model, counts);
  const rounds = full ? ROUNDS.full : ROUNDS.brief;
  const common = { dists: DISTS, model: url.replace('..', ''), warmUps: WARM_UPS, rounds };
  const { rates, loads } = await withHouse(trees, async (page) => ({
    rates: await page.evaluate((asked) => window.house.speed.rates(asked), {
      ...common,
      prompts: [...prompts],
      decodeTokens: DECODE_TOKENS,
    }),
    loads: await page.evaluate((asked) => window.house.speed.loads(asked), common),
  }));
  const per = (samples: number[][]) => figureOf(samples, note);
  return [
    per(rates.map((round) => round.map(({ prefill }) => prefill)))(`${model}, prefill`, 'tokens/s'),
    per(rates.map((round) => round.map(({ decode }) => decode)))(`${model}, decode`, 'tokens/s'),
    per(loads.map((round) => round.map((ms) => 1000 / ms)))(`${model}, warm load`, 'loads/s'),
  ];
}

/** [rounds][contenders] of speeds as a figure: new by old, beside old by old. */
function figureOf(samples: number[][], note: (text: string) => void) {
  return (label: string, unit: string): Figure => {
    const ratios = (at: number) => samples.map((round) => round[at]! / round[0]!);
    const [own, noise] = [ratios(1), ratios(2)];
    const speeds = CONTENDERS.map((name, i) => {
      const value = median(samples.map((round) => round[i]!));
      return `${name} ${value.toFixed(value < 10 ? 2 : 0)}`;
    });
    note(
      `${label}: ${speeds.join(', ')} ${unit} in ${samples.length} rounds; ` +
        `half of the ratios within ${spread(own)}; old by old ${median(noise).toFixed(3)}, within ${spread(noise)}`,
    );
    return bounded(label, median(own), { least: LEAST }, (ratio) => `${ratio.toFixed(3)} ×`);
  };
}

function spread(ratios: readonly number[]): string {
  return `${quantile(ratios, 0.25).toFixed(3)} to ${quantile(ratios, 0.75).toFixed(3)}`;
}
