// The lab: a page without looks on which tests reach the runtime's public API and the bare engine.
import type { PlanOptions } from '@pocketbit/core';
import * as Comlink from 'comlink';
import * as pocketbit from 'pocketbit';
import type { Artifact } from '../lib/engine.ts';
import { contender } from './contender.ts';
import { headerSteps } from './header.ts';
import type { KernelRequest } from './kernels.ts';
import type { Loop, MicroRequest } from './micro.ts';
import { firstTokenTimes, measureSpeed } from './speed.ts';
import * as store from './store.ts';
import * as tabs from './tabs.ts';
import type { LabWorker } from './worker.ts';

async function inWorker<T>(work: (api: Comlink.Remote<LabWorker>) => Promise<T>): Promise<T> {
  const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
  try {
    return await work(Comlink.wrap<LabWorker>(worker));
  } finally {
    worker.terminate();
  }
}

const absolute = (url: string) => new URL(url, document.baseURI).href;

function best(row: Float32Array): number {
  return row.reduce((top, value, id) => (value > row[top]! ? id : top), 0);
}

const lab = {
  pocketbit,
  contender,
  measureSpeed,
  firstTokenTimes,
  headerSteps,
  store,
  tabs,

  logitsHash: (artifact: Artifact, model: string, ids: number[], options: PlanOptions) =>
    inWorker((api) => api.logitsHash(artifact, absolute(model), ids, options)),

  kernelSpeeds: (artifact: Artifact, requests: readonly KernelRequest[], samples: number) =>
    inWorker((api) => api.kernelSpeeds(artifact, requests, samples)),

  hashesByKernels: (artifact: Artifact, model: string, ids: number[], options: PlanOptions) =>
    inWorker((api) => api.hashesByKernels(artifact, absolute(model), ids, options)),

  microRates: (artifact: Artifact, request: MicroRequest) =>
    inWorker((api) => api.microRates(artifact, { ...request, cases: absolute(request.cases) })),

  timeLoops: (loops: readonly Loop[], samples: number) =>
    inWorker((api) => api.timeLoops(loops, samples)),

  cases: (url: string) => inWorker((api) => api.cases(absolute(url))),

  /** The greedy choice at every place of each answer, given the right tokens before it; f32 KV cache. */
  async greedyChoices(
    model: string,
    answers: { promptIds: number[]; ids: number[] }[],
  ): Promise<number[][]> {
    const loaded = await pocketbit.load(model, { kv: 'f32' });
    const choices: number[][] = [];
    for (const { promptIds, ids } of answers) {
      const own: number[] = [];
      for (const i of ids.keys()) {
        own.push(best(await loaded.logits([...promptIds, ...ids.slice(0, i)])));
      }
      choices.push(own);
    }
    return choices;
  },

  /** The code and message that `work` rejects with; null when it does not. */
  async failure(work: () => Promise<unknown>): Promise<{ code: string; message: string } | null> {
    try {
      await work();
      return null;
    } catch (error) {
      const { code, message } = error as pocketbit.PocketbitError;
      return { code, message };
    }
  },
};

export type Lab = typeof lab;

declare global {
  interface Window {
    lab: Lab;
  }
}

window.lab = lab;
