// llama.cpp compiled for this machine, the prebuilt library of npm's node-llama-cpp. It is fetched into .cache by the bench
// alone and is no dependency of the workspace.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { median } from '@pocketbit/ui';
import { must, run } from '../../scripts/lib/run.mjs';
import { versions } from '../../scripts/lib/rust.mjs';
import { cacheFolder, root } from '../../tests/support/paths.ts';
import type { Workload } from './models.ts';
import { tokenizerOf } from './prompts.ts';
import { UNDISTURBED } from './sample.ts';

/** Medians over the requests after the first. */
export interface NativeResult {
  /** Tokens per second by llama.cpp's own times. */
  readonly prefill: number;
  readonly decode: number;
  readonly loadMs: number;
  /** Largest resident size of the process (VmHWM), the mapped file counted, bytes. */
  readonly peakBytes: number;
  /** Share of a core that the process had. */
  readonly share: number;
}

/** What run.mjs answers. */
interface NativeRun {
  loadMs: number;
  peakBytes: number;
  samples: { prompt: Phase; decode: Phase }[];
}

interface Phase {
  /** llama.cpp's own time, and the tokens it was for. */
  ms: number;
  count: number;
  /** Share of a core that the process had meanwhile. */
  share: number;
}

const CONTEXT = 512;
/** The prebuilt libraries exist for these; elsewhere the comparison is left out. */
export const NATIVE_PLATFORM = `${process.platform}-${process.arch}`;

export const nativeVersion: string = versions['node-llama-cpp'];

/**
 * Runs the workload in llama.cpp, one thread: a first request, then `rounds`. Where another process took part of the core
 * (less than 85 % of it was left), the rates are per CPU second.
 */
export async function runNative(workload: Workload, rounds: number): Promise<NativeResult> {
  const folder = await installed();
  const tokenizer = await tokenizerOf(workload.file);
  const request = {
    file: workload.file,
    prompts: workload.prompts.slice(0, rounds + 1).map((prompt) => tokenizer.encode(prompt)),
    decodeTokens: workload.decodeTokens,
    context: CONTEXT,
  };
  const script = join(root, 'tools/speed/native/run.mjs');
  const { code, stdout, output } = await run(process.execPath, [
    script,
    folder,
    JSON.stringify(request),
  ]);
  if (code !== 0) throw new Error(`node-llama-cpp ended with code ${code}: ${output.slice(-500)}`);
  return summary(JSON.parse(stdout.trim().split('\n').at(-1)!));
}

function summary({ loadMs, peakBytes, samples }: NativeRun): NativeResult {
  const later = samples.slice(1);
  return {
    prefill: median(later.map(({ prompt }) => rateOf(prompt))),
    decode: median(later.map(({ decode }) => rateOf(decode))),
    share: median(later.flatMap(({ prompt, decode }) => [prompt.share, decode.share])),
    loadMs,
    peakBytes,
  };
}

function rateOf({ ms, count, share }: Phase): number {
  return count / ((ms / 1000) * (share < UNDISTURBED ? share : 1));
}

/** The folder with the pinned version; fetched on first use, 20 seconds. */
async function installed(): Promise<string> {
  const version = nativeVersion;
  const folder = join(cacheFolder, `native/node-llama-cpp-${version}`);
  if (existsSync(join(folder, 'ready'))) return folder;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "private": true }');
  // Without its optional packages: those are builds for every other platform and GPU, 600 MB.
  const packages = [`node-llama-cpp@${version}`, `@node-llama-cpp/${NATIVE_PLATFORM}@${version}`];
  const flags = ['--ignore-scripts', '--omit=optional', '--no-audit', '--no-fund'];
  await must('npm', ['install', ...flags, ...packages], { cwd: folder, show: false });
  writeFileSync(join(folder, 'ready'), version);
  return folder;
}
