// Each kernel by itself in Chromium, for every artifact.

import type { Page } from '@playwright/test';
import { KERNEL_FAMILIES } from '@pocketbit/engine';
import type { KernelRequest, KernelSpeed } from '../lab/kernels.ts';
import type { Artifact } from '../lib/engine.ts';
import { withLab } from '../lib/lab.ts';

export interface KernelTiming extends KernelSpeed {
  readonly artifact: Artifact;
}

const ARTIFACTS: readonly Artifact[] = ['relaxed', 'simd128'];
const SAMPLES = 100;
/** Within a core's cache, beyond it, and as in prefill: rows, K, tokens. */
const SHAPES = [
  [512, 2048, 1],
  [5632, 2048, 1],
  [512, 2048, 64],
] as const;

const REQUESTS: readonly KernelRequest[] = KERNEL_FAMILIES.flatMap((family) =>
  SHAPES.map(([rows, k, tokens]) => ({ family, rows, k, tokens, copies: 1 })),
);

/** Every kernel on every shape; the minimum of a hundred samples each. */
export function timeAllKernels(): Promise<KernelTiming[]> {
  return withLab(
    async ({ page }) => {
      const timings: KernelTiming[] = [];
      for (const artifact of ARTIFACTS) timings.push(...(await timingsOf(page, artifact)));
      return timings;
    },
    { isolated: true },
  );
}

async function timingsOf(page: Page, artifact: Artifact): Promise<KernelTiming[]> {
  const speeds = await page.evaluate(
    ([build, requests, samples]) => window.lab.kernelSpeeds(build, requests, samples),
    [artifact, REQUESTS, SAMPLES] as const,
  );
  return speeds.map((speed) => ({ ...speed, artifact }));
}
