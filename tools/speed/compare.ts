// What `npm run show` asks of the bench: one model, and the figures a promise is about.
import { cpSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { labBuild } from '../../tests/support/paths.ts';
import { type Site, startSite } from '../../tests/support/serve.ts';

import { buildLab, buildPeer, peerBuild } from '../lab/build.ts';
import { contest } from './contest.ts';
import { type Workload, workloadOf } from './models.ts';
import { runNative } from './native.ts';
import type { ModelResult } from './report.ts';
import { steadiness as steadinessOn } from './steadiness.ts';
import { type Ratios, ratiosToNative } from './table.ts';

/** Serves both engines' pages and the models while `work` runs. */
export async function withBenchSite<T>(work: (site: Site) => Promise<T>): Promise<T> {
  await buildLab();
  await buildPeer();
  // A copy: a test that builds the lab anew must not take it from a run of twenty minutes.
  const own = mkdtempSync(join(tmpdir(), 'pocketbit-bench-'));
  cpSync(labBuild, join(own, 'lab'), { recursive: true });
  cpSync(peerBuild, join(own, 'peer'), { recursive: true });
  const mounts = { '/lab/': join(own, 'lab'), '/peer/': join(own, 'peer') };
  const site = await startSite({ mounts });
  try {
    return await work(site);
  } finally {
    await site.kill();
    rmSync(own, { recursive: true, force: true });
  }
}

/** The result of a model before anything was measured. */
export function resultOf({ model, file, promptTokens, decodeTokens }: Workload): ModelResult {
  return { model, fileBytes: statSync(file).size, promptTokens, decodeTokens };
}

/**
 * Pocketbit in Chromium and llama.cpp compiled for this machine, on one file: llama.cpp before and after, and the better
 * of both counts.
 */
export function compareWithNative(
  model: string,
  rounds: number,
): Promise<ModelResult & { readonly ratios: Ratios }> {
  return withBenchSite(async (site) => {
    const workload = await workloadOf(model);
    const result = resultOf(workload);
    const before = await runNative(workload, rounds);
    result.contest = await contest(site, workload, { engines: ['pocketbit'], rounds });
    const after = await runNative(workload, rounds);
    result.native = {
      ...before,
      prefill: Math.max(before.prefill, after.prefill),
      decode: Math.max(before.decode, after.decode),
    };
    return { ...result, ratios: ratiosToNative(result) };
  });
}

/** Times between 512 tokens in an idle browser, and beside `load` busy pages. */
export function steadiness(model: string, load = 0): ReturnType<typeof steadinessOn> {
  return withBenchSite((site) => steadinessOn(site, model, { load }));
}
