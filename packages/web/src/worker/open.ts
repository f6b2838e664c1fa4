import {
  choosePicks,
  encodeConfig,
  type KernelPick,
  loadTensors,
  type ModelPlan,
  type Tokenizer,
} from '@pocketbit/core';
import type { Engine } from '../../wasm/glue.js';
import { CrashMarker } from '../coordination/crash-marker.ts';
import type { FileLoad } from '../download/file-load.ts';
import {
  abandonAll,
  completed,
  type ModelFiles,
  openModelFiles,
  reopened,
  streamFiles,
} from '../download/model-files.ts';
import type { LoadJob } from '../download/open-file.ts';
import { ProgressMeter } from '../download/progress.ts';
import type { Fit, LoadProgress, ModelInfo, OpenRequest } from '../protocol.ts';
import type { Manifest } from '../store/manifest.ts';
import type { EngineModule } from './artifact.ts';
import { Choice } from './choice.ts';
import { Context } from './context.ts';
import { fitOf, planOptions, planToFit, sizeOf } from './fit.ts';
import { Drift } from './pace.ts';
import type { LoadedModel } from './session.ts';

interface Job {
  request: OpenRequest;
  signal: AbortSignal;
  report(progress: LoadProgress): void;
  marker: CrashMarker;
}

/** Opens a model: `engine`, download or cache, plan, weights into wasm, tokenizer. */
export async function openModel(
  request: OpenRequest,
  engine: () => Promise<EngineModule>,
  { signal, report }: LoadJob,
): Promise<LoadedModel> {
  const marker = new CrashMarker(String(request.source), request.visit);
  const job: Job = { request, signal, report, marker };
  await marker.set('download');
  try {
    const opening = openModelFiles(request, job, (header) => {
      planToFit(header, planOptions(request), request);
    });
    const module = await beside(opening, engine());
    const choice = await Choice.open(module, request);
    const found = await choice.during(opening);
    return await fromFiles(module, choice, found, job).catch((error: unknown) =>
      abandonAll(found.files, error),
    );
  } finally {
    await marker.clear();
  }
}

/** The engine, compiled while the files are opened; without it they are abandoned. */
function beside<T>(opening: Promise<ModelFiles>, engine: Promise<T>): Promise<T> {
  engine.catch((error: unknown) =>
    opening.then(({ files }) => abandonAll(files, error)).catch(() => {}),
  );
  // Its failure is met by whoever awaits the files.
  opening.catch(() => {});
  return engine;
}

/**
 * How a model fits. Of one that is not stored, its first chunks are fetched until the header is there, and stored: a load
 * goes on from them.
 */
export async function fitAt(request: OpenRequest, job: LoadJob): Promise<Fit> {
  const { files, header } = await openModelFiles(request, job);
  for (const file of files) await file.abandon(false);
  return fitOf(header, planOptions(request), request).fit;
}

/** The model in `found`; where another file arrived than the one that was begun, that one. */
async function fromFiles(
  module: EngineModule,
  choice: Choice,
  found: ModelFiles,
  job: Job,
): Promise<LoadedModel> {
  try {
    return await assemble(module, choice, found, job);
  } catch (error) {
    return assemble(module, choice, await reopened(found.files, error), job);
  }
}

async function assemble(
  module: EngineModule,
  choice: Choice,
  found: ModelFiles,
  job: Job,
): Promise<LoadedModel> {
  const text = import('./text.ts');
  const { files, header } = found;
  const { plan, reducedFrom } = planToFit(header, planOptions(job.request), job.request);
  streamFiles(files);
  const { createChat, createTokenizer, StopFilter } = await text;
  const tokenizer = createTokenizer(header);
  const chat = createChat(header, tokenizer);
  const picks = await choice.picksFor(plan, job.signal);
  await job.marker.set('load', sizeOf(plan));
  const engine = await fill(module, plan, picks, found, job);
  const manifests = await completed(files).catch((error: unknown) => {
    engine.free();
    throw error;
  });
  return {
    info: { ...describe(plan, module, files, manifests, engine, tokenizer), reducedFrom },
    marker: job.marker,
    proven: false,
    context: new Context(engine, plan.config.context),
    tokenizer,
    chat,
    StopFilter,
    plan,
    choice,
    drift: new Drift(),
    answer: null,
  };
}

async function fill(
  { Engine }: EngineModule,
  plan: ModelPlan,
  picks: readonly KernelPick[],
  { files, source }: ModelFiles,
  { signal, report }: Job,
): Promise<Engine> {
  const engine = new Engine(encodeConfig(plan.config));
  const fromCache = files.every((file) => file.fromCache);
  const meter = new ProgressMeter('load', fromCache, report);
  // While the rest arrives, the download reports its own progress.
  const arriving = () => files.some((file) => file.arriving);
  try {
    choosePicks(engine, picks);
    await loadTensors(plan, source, engine, {
      signal,
      onProgress: (loaded, total) => arriving() || meter.update(loaded, total),
    });
    return engine;
  } catch (error) {
    engine.free();
    throw error;
  }
}

function describe(
  plan: ModelPlan,
  { artifact }: EngineModule,
  files: readonly FileLoad[],
  manifests: readonly Manifest[],
  engine: Engine,
  tokenizer: Tokenizer,
): Omit<ModelInfo, 'reducedFrom'> {
  const { store } = files[0]!;
  const [first] = manifests as [Manifest, ...Manifest[]];
  return {
    name: plan.name,
    architecture: plan.architecture,
    parameters: plan.parameters,
    fileBytes: manifests.reduce((sum, { size }) => sum + size, 0),
    residentBytes: engine.residentBytes,
    contextLength: plan.config.context,
    vocabSize: tokenizer.vocabSize,
    artifact,
    storage: store.kind,
    sha256: first.sha256,
    activation: plan.scheme,
    crash: null,
    key: [...manifests.map(({ sha256 }) => sha256), plan.config.kv, plan.config.head].join('/'),
    source: store.kind === 'memory' ? null : first.source,
  };
}
