import { bounded, type Check, type Context, type Figure } from '../lib/report.ts';
import { compareWithNative, withBenchSite } from './compare.ts';
import { contest } from './contest.ts';
import { workloadOf } from './models.ts';
import { parseOptions } from './options.ts';
import { RUN_PART } from './parts.ts';
import { type BenchReport, emptyReport } from './report.ts';
import { tablesOf } from './summary.ts';
import { ratiosToWllama } from './table.ts';

const SHAPES = ['125m', '350m', '1.3b'];
/** Least ratios of decode and prefill to @wllama/wllama. */
const MIN_SPEEDUP = {
  tq2_0: { decode: 10, prefill: 18 },
  q1_0: { decode: 15, prefill: 15 },
} as const;
const KINDS = Object.keys(MIN_SPEEDUP) as (keyof typeof MIN_SPEEDUP)[];
const MODELS = SHAPES.flatMap((shape) => KINDS.map((kind) => ({ name: `${shape}-${kind}`, kind })));
const MAX_PEAK = 0.7;

const times = (value: number) => `${value.toFixed(2)} ×`;

let measured: Promise<BenchReport> | undefined;

/** Speed, first tokens and peaks of both engines on every model; measured once for all checks. */
function peerReport({ full, note }: Context): Promise<BenchReport> {
  measured ??= withBenchSite(async (site) => {
    const models = MODELS.map(({ name }) => name).join(',');
    const options = parseOptions(['--models', models, '--rounds', full ? '5' : '2']);
    const report = emptyReport(['--models', models]);
    const bench = { site, options, report, note };
    await RUN_PART.speed(bench);
    await RUN_PART.memory(bench);
    return report;
  });
  return measured;
}

export const wllama: Check = {
  title: '@wllama/wllama in the same Chromium on the same files, one thread each',
  async run(context) {
    const report = await peerReport(context);
    return report.models.flatMap((result, i): Figure[] => {
      const { decode = 0, prefill = 0, peak = Number.POSITIVE_INFINITY } = ratiosToWllama(result);
      const { name, kind } = MODELS[i]!;
      const min = MIN_SPEEDUP[kind];
      return [
        bounded(`${name}: decode over wllama`, decode, { min: min.decode }, times),
        bounded(`${name}: prefill over wllama`, prefill, { min: min.prefill }, times),
        bounded(`${name}: peak memory over wllama's`, peak, { max: MAX_PEAK }, times),
      ];
    });
  },
};

export const firstToken: Check = {
  title: 'first token of a 128-token prompt and share of the roofline, per model, in the table',
  async run(context) {
    const report = await peerReport(context);
    for (const { head, rows } of tablesOf(report)) {
      for (const row of [head, ...rows]) context.note(row.join(' | '));
    }
    return report.models.map(({ model, firstToken: times }) => {
      const ms = times?.pocketbit ?? Number.NaN;
      return {
        label: `${model}: first token`,
        value: `${ms.toFixed(0)} ms, wllama's ${times?.wllama.toFixed(0)} ms`,
        target: 'in the table',
        pass: Number.isFinite(ms),
      };
    });
  },
};

export const binary: Check = {
  title: '1.3B W1A1 against our own ternary, decode in Chromium',
  run: ({ full, note }) =>
    withBenchSite(async (site) => {
      const rounds = full ? 7 : 3;
      const decode = async (model: string) => {
        const workload = await workloadOf(model);
        const found = await contest(site, workload, { engines: ['pocketbit'], rounds });
        const { decode: rate } = found.pocketbit!.later;
        note(`${model}: ${rate.toFixed(1)} tokens/s`);
        return rate;
      };
      // Ternary on both sides of it: what disturbs the machine for minutes shows.
      const before = await decode('1.3b-tq2_0');
      const own = await decode('1.3b-w1a1');
      const ternary = Math.max(before, await decode('1.3b-tq2_0'));
      return [bounded('decode, W1A1 over ternary', own / ternary, { min: 1.5 }, times)];
    }),
};

export const native: Check = {
  title: 'llama.cpp compiled for this machine, by its own timings, one thread, 1.3B ternary',
  async run({ full, note }) {
    const {
      contest: own,
      native: other,
      ratios,
    } = await compareWithNative('1.3b-tq2_0', full ? 7 : 3);
    const { prefill, decode } = own!.pocketbit!.later;
    note(
      `prefill ${prefill.toFixed(1)} and ${other!.prefill.toFixed(1)}, decode ${decode.toFixed(1)} and ${other!.decode.toFixed(1)} tokens/s`,
    );
    return [
      bounded('decode over native', ratios.decode ?? 0, { min: 1.5 }, times),
      bounded('prefill over native', ratios.prefill ?? 0, { min: 1.3 }, times),
    ];
  },
};
