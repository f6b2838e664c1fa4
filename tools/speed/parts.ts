// What each part of the bench does, in a report that fills as they run.
import { cpus } from 'node:os';
import { costCurve } from '@pocketbit/ui';
import type { Site } from '../../tests/support/serve.ts';
import { blankPeak, peaksOf } from '../memory/peaks.ts';
import { LONG, soloInChromium } from './alone.ts';
import { soloElsewhere } from './browsers.ts';
import { type Ceilings, ceilingsIn } from './ceilings.ts';
import { BenchBrowser, openTimed } from './chromium.ts';
import { resultOf } from './compare.ts';
import { contest } from './contest.ts';
import { growthOf } from './growth.ts';
import { timeAllKernels } from './kernels.ts';
import { type Workload, workloadOf } from './models.ts';
import { NATIVE_PLATFORM, runNative } from './native.ts';
import type { BenchOptions, Part } from './options.ts';
import type { BenchReport, ModelResult } from './report.ts';
import { measureAll } from './speed.ts';
import { steadiness } from './steadiness.ts';
import { firstTokenOf } from './table.ts';
import { measureYardstick } from './yardstick.ts';

export interface Bench {
  readonly site: Site;
  readonly options: BenchOptions;
  readonly report: BenchReport;
  /** Tells the reader what is being done. */
  note(text: string): void;
}

const ENGINES = ['pocketbit', 'wllama'] as const;

export const RUN_PART: Record<Part, (bench: Bench) => Promise<void>> = {
  async speed(bench) {
    const { site, options, report } = bench;
    report.ceilings = await ceilings(site);
    await eachShared(bench, async (result, workload) => {
      result.contest = await contest(site, workload, { engines: ENGINES, rounds: options.rounds });
      result.firstToken = await firstTokens(site, result, workload);
    });
  },

  async native(bench) {
    if (NATIVE_PLATFORM !== 'linux-x64') {
      return void bench.report.notes.push(`native llama.cpp is not run on ${NATIVE_PLATFORM}`);
    }
    await eachShared(bench, async (result, workload) => {
      result.native = await runNative(workload, bench.options.rounds);
    });
  },

  async memory(bench) {
    const blank = await blankPeak(bench.site);
    const rounds = Math.min(bench.options.rounds, bench.options.full ? 5 : 2);
    await eachShared(bench, async (result, { model }) => {
      result.peaks = await peaksOf(bench.site, model, { engines: ENGINES, rounds, blank });
    });
  },

  async alone({ site, options, report, note }) {
    const blank = await blankPeak(site);
    for (const model of options.alone) {
      note(model);
      const rounds = Math.min(options.rounds, 3);
      report.alone.push(await soloInChromium(site, model, { ...LONG, rounds }, blank));
    }
  },

  async browsers({ options, report, note }) {
    const counts = { promptTokens: 128, decodeTokens: 64, contextLength: 512 };
    const asked = { ...counts, rounds: Math.min(options.rounds, 3) };
    const left = (text: string) => {
      note(text);
      report.notes.push(text);
    };
    report.elsewhere.push(...(await soloElsewhere(options.elsewhere, asked, left)));
  },

  async growth({ site, options, report, note }) {
    for (const model of options.curves) {
      note(model);
      const growth = await growthOf(site, model, options.rounds);
      report.growth.push({
        ...growth,
        decodeCurve: costCurve(growth.decode, 1),
        prefillCurve: costCurve(growth.prefill, 2),
      });
    }
  },

  async steadiness({ site, options, report, note }) {
    for (const model of options.curves) {
      for (const load of [0, cpus().length]) {
        note(`${model}, ${load} busy pages`);
        report.steadiness.push({ ...(await steadiness(site, model, { load })), load });
      }
    }
  },

  async kernels({ site, report }) {
    report.ceilings ??= await ceilings(site);
    report.kernels.push(...(await timeAllKernels()));
    const native = await measureYardstick();
    if (typeof native === 'string') report.notes.push(native);
    else report.yardstick = native;
  },

  async artifacts({ options, report }) {
    report.artifacts.push(...(await measureAll(options.rounds)));
  },
};

async function ceilings(site: Site): Promise<Ceilings> {
  const browser = await BenchBrowser.launch(site);
  try {
    return await ceilingsIn((await browser.stand('pocketbit')).page);
  } finally {
    await browser.close();
  }
}

/** Every model that peers read, with its result in the report. */
async function eachShared(
  { options, report, note }: Bench,
  work: (result: ModelResult, workload: Workload) => Promise<void>,
): Promise<void> {
  for (const model of options.shared) {
    note(model);
    const workload = await workloadOf(model);
    let result = report.models.find((known) => known.model === model);
    if (!result) {
      result = resultOf(workload);
      report.models.push(result);
    }
    await work(result, workload);
  }
}

/**
 * Time to the first token of a 128-token prompt: Pocketbit's measured, wllama's where its prompts had that length, else
 * from its rate, since it takes minutes.
 */
async function firstTokens(site: Site, { contest: standings }: ModelResult, workload: Workload) {
  const [own, other] = [standings!.pocketbit!.later, standings!.wllama!.later];
  if (workload.promptTokens === 128) {
    return { pocketbit: own.firstTokenMs, wllama: other.firstTokenMs };
  }
  const longer = await workloadOf(workload.model, { promptTokens: 128, decodeTokens: 1 });
  return { pocketbit: await firstTokenMs(site, longer), wllama: firstTokenOf(other.prefill) };
}

/** The best of three, after a warm-up. */
async function firstTokenMs(site: Site, { url, prompts }: Workload): Promise<number> {
  const browser = await BenchBrowser.launch(site);
  try {
    const { call } = await browser.stand('pocketbit');
    await openTimed(call, url, { contextLength: 512 });
    await call('ask', prompts[0]!, 1);
    const times: number[] = [];
    for (const prompt of prompts.slice(1, 4))
      times.push((await call('ask', prompt, 1)).tokenTimes[0]!);
    return Math.min(...times);
  } finally {
    await browser.close();
  }
}
