import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { KernelFamily } from '@pocketbit/core';
import { buildCases } from '../../tests/conformance/build.mjs';
import { BROWSERS, CHROMIUM, type Kind, WEBKIT } from '../../tests/drivers/kinds.ts';
import { inLabOf } from '../../tests/drivers/lab.ts';
import { modelCache } from '../../tests/support/paths.ts';
import type { KernelRequest, KernelSpeed } from '../lab/kernels.ts';
import type { MicroResult } from '../lab/micro.ts';
import type { Artifact } from '../lib/engine.ts';
import { bounded, type Check, type Context, type Figure } from '../lib/report.ts';

/** Within a core's second cache: 512 kB of ternary codes, 256 kB of signs. */
const [ROWS, K] = [1024, 2048];
/** 16 MB of ternary codes, eight times: beyond every cache. */
const COLD = { rows: 32_768, copies: 8 };
const SAMPLES = 120;
const PREFILL = 64;

const hot = (family: KernelFamily, tokens: number): KernelRequest => ({
  family,
  rows: ROWS,
  k: K,
  tokens,
  copies: 1,
});
const KERNELS: readonly KernelRequest[] = [
  hot('ternary', 1),
  { ...hot('ternary', PREFILL), rows: ROWS / 2 },
  hot('binary', 1),
  { ...hot('ternary', 1), ...COLD },
];

export const micro: Check = {
  title: `kernels against the ceilings of their engine, the least of ${SAMPLES} interleaved samples of 1 ms`,
  async run(context) {
    for (const artifact of ['simd128', 'relaxed'] as const) await provideCases(artifact);
    const strict = new Map<Kind, MicroResult>();
    const figures: Figure[] = [];
    for (const kind of BROWSERS) {
      const results = await resultsOf(kind, context);
      strict.set(kind, results.strict);
      figures.push(...figuresOf(kind, results));
    }
    // Chromium once more: the ratio to WebKitGTK is between runs, and the faster of two is the less disturbed.
    const again = (await resultsOf(CHROMIUM, context)).strict;
    return [...figures, ...againstChromium(strict, again)];
  },
};

interface Results {
  readonly strict: MicroResult;
  /** Null where the engine has no relaxed SIMD. */
  readonly relaxed: MicroResult | null;
}

async function provideCases(artifact: Artifact): Promise<void> {
  mkdirSync(join(modelCache, 'cases'), { recursive: true });
  copyFileSync(await buildCases(artifact), join(modelCache, 'cases', `${artifact}.wasm`));
}

/** Both builds in a browser, each beside the ceilings. */
function resultsOf(kind: Kind, { note }: Context): Promise<Results> {
  return inLabOf(
    kind,
    async (run, { artifacts }) => {
      const has = artifacts.some((artifact) => artifact === 'relaxed');
      const measure = (artifact: Artifact) => {
        const cases = `../files/cases/${has ? 'relaxed' : 'simd128'}.wasm`;
        const request = { cases, kernels: KERNELS, samples: SAMPLES };
        return run((lab, [a, r]) => lab.microRates(a, r), [artifact, request] as const);
      };
      const relaxed = has ? await measure('relaxed') : null;
      const strict = await measure('simd128');
      for (const [name, result] of Object.entries({ relaxed, simd128: strict })) {
        if (result) note(`${kind.name} ${name}: ${described(result)}`);
      }
      return { strict, relaxed };
    },
    { isolated: true },
  );
}

function described({ peak, stream, rates }: MicroResult): string {
  const ceilings = `${peak ? `peak ${peak.toFixed(0)} GMAC/s, ` : ''}stream ${stream.toFixed(1)} GB/s`;
  const lines = rates.map(
    ({ family, copies, tokens, kernel, gmacs, gbs }) =>
      `${family} ${copies > 1 ? 'cold ' : ''}${tokens} ${kernel} ${gmacs.toFixed(1)} GMAC/s ${gbs.toFixed(1)} GB/s`,
  );
  return [ceilings, ...lines].join('; ');
}

/** The best kernel of a family. */
function best({ rates }: MicroResult, family: KernelFamily, tokens = 1, cold = false): KernelSpeed {
  const own = rates.filter(
    (rate) => rate.family === family && rate.tokens === tokens && rate.copies > 1 === cold,
  );
  return own.reduce((top, rate) => (rate.gmacs > top.gmacs ? rate : top));
}

const ratio = (value: number) => value.toFixed(2);
const times = (value: number) => `${value.toFixed(2)} ×`;

function figuresOf({ name }: Kind, { strict, relaxed }: Results): Figure[] {
  const top = relaxed ?? strict;
  return [
    ...(relaxed ? againstPeak(name, relaxed, strict) : []),
    bounded(
      `${name}: W1A1 GEMV over ternary`,
      best(top, 'binary').gmacs / best(top, 'ternary').gmacs,
      { min: 2.4 },
      times,
    ),
    coldFigure(name, top),
  ];
}

function againstPeak(name: string, relaxed: MicroResult, strict: MicroResult): Figure[] {
  const share = (result: MicroResult, tokens: number) =>
    best(result, 'ternary', tokens).gmacs / result.peak!;
  return [
    bounded(`${name}: ternary GEMV, of the peak`, share(relaxed, 1), { min: 0.47 }, ratio),
    bounded(
      `${name}: ternary GEMM of ${PREFILL}, of the peak`,
      share(relaxed, PREFILL),
      { min: 0.68 },
      ratio,
    ),
    // Each over the peak of its own run, which cancels what differs between the runs.
    ...[1, PREFILL].map((tokens) =>
      bounded(
        `${name}: strict over relaxed, ternary, ${tokens === 1 ? 'GEMV' : 'GEMM'}`,
        share(strict, tokens) / share(relaxed, tokens),
        { min: 0.55 },
        ratio,
      ),
    ),
  ];
}

function coldFigure(name: string, result: MicroResult): Figure {
  const rate = best(result, 'ternary', 1, true).gbs;
  const limit = Math.min(best(result, 'ternary').gbs, result.stream);
  const label = `${name}: cold ternary GEMV, of the smaller of hot and stream`;
  return bounded(label, rate / limit, { min: 0.7 }, ratio);
}

function againstChromium(strict: ReadonlyMap<Kind, MicroResult>, again: MicroResult): Figure[] {
  const own = strict.get(WEBKIT)!;
  const over = (family: KernelFamily) => {
    const runs = [strict.get(CHROMIUM)!, again].map((result) => best(result, family).gmacs);
    return best(own, family).gmacs / Math.max(...runs);
  };
  return [
    bounded("WebKitGTK ternary over Chromium's strict", over('ternary'), { min: 0.8 }, times),
    bounded("WebKitGTK W1A1 over Chromium's strict", over('binary'), { min: 0.7 }, times),
  ];
}
