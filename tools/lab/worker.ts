// One engine artifact in a worker of its own, since the glue binds to one instance for good.
import type { PlanOptions } from '@pocketbit/core';
import * as Comlink from 'comlink';
import init, * as glue from '../../packages/web/wasm/glue.js';
import { runCases } from '../../tests/conformance/cases.mjs';
import { type Artifact, hashesByKernels, logitsOf, openEngine, sha256 } from '../lib/engine.ts';
import { type KernelRequest, type KernelSpeed, timeKernels } from './kernels.ts';
import { type Loop, type MicroRequest, microRates, timeLoops } from './micro.ts';

const artifacts: Record<Artifact, URL> = {
  scalar: new URL('../../packages/web/wasm/scalar.wasm', import.meta.url),
  simd128: new URL('../../packages/web/wasm/simd128.wasm', import.meta.url),
  relaxed: new URL('../../packages/web/wasm/relaxed.wasm', import.meta.url),
};

const { probe, variant } = glue;

const bytesAt = async (url: string | URL) => new Uint8Array(await (await fetch(url)).arrayBuffer());

const api = {
  /** SHA-256 of the logits behind every id, with the artifact that computed them and its probe's answer. */
  async logitsHash(artifact: Artifact, model: string, ids: number[], options: PlanOptions) {
    await init({ module_or_path: artifacts[artifact] });
    const engine = await openEngine(glue, await bytesAt(model), options);
    return { variant: variant(), probe: probe(), sha256: await sha256(logitsOf(engine, ids)) };
  },

  /** The hash of the logits by every pair of kernels. */
  async hashesByKernels(artifact: Artifact, model: string, ids: number[], options: PlanOptions) {
    await init({ module_or_path: artifacts[artifact] });
    return hashesByKernels(glue, await bytesAt(model), ids, options);
  },

  /** Kernels against the ceilings of this engine. */
  async microRates(artifact: Artifact, request: MicroRequest) {
    await init({ module_or_path: artifacts[artifact] });
    return microRates(glue, request);
  },

  /** The speed of every kernel on every shape asked for. */
  async kernelSpeeds(
    artifact: Artifact,
    requests: readonly KernelRequest[],
    samples: number,
  ): Promise<KernelSpeed[]> {
    await init({ module_or_path: artifacts[artifact] });
    const speeds: KernelSpeed[] = [];
    for (const request of requests)
      speeds.push(...(await timeKernels(glue, [request], samples)).speeds);
    return speeds;
  },

  timeLoops: (loops: readonly Loop[], samples: number) => timeLoops(loops, samples),

  /** Every case of the kernels' case-runner at `url`. */
  async cases(url: string) {
    const { instance } = await WebAssembly.instantiate(await bytesAt(url));
    return runCases(instance);
  },
};

export type LabWorker = typeof api;
Comlink.expose(api);
