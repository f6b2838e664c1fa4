import {
  type GgufHeader,
  type ModelPlan,
  type PlanOptions,
  PocketbitError,
  type Tokenizer,
} from '@pocketbit/core';
import {
  type Engine,
  type Fit,
  fitOf,
  KernelChoice,
  type KernelPick,
  openEngine,
  type Planned,
  planAsked,
  planToFit,
  type SizedPlan,
  TextModel,
} from '@pocketbit/engine';
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
import type { KernelProfile, LoadProgress, ModelInfo, OpenRequest } from '../protocol.ts';
import type { Manifest } from '../store/manifest.ts';
import { KernelTimings } from '../store/timings.ts';
import type { EngineModule } from './artifact.ts';
import { workerClock } from './clock.ts';

interface Job {
  request: OpenRequest;
  signal: AbortSignal;
  report(progress: LoadProgress): void;
  marker: CrashMarker;
  /** The plan of the header that was accepted; another file may come in its place. */
  planned?: Planned & { header: GgufHeader };
}

/** A model that was opened, with what the worker knows of it. */
export interface OpenedModel {
  readonly info: ModelInfo;
  readonly model: TextModel;
  readonly choice: KernelChoice;
}

/** Opens a model: `engine`, download or cache, plan, weights into wasm, tokenizer. */
export async function openModel(
  request: OpenRequest,
  engine: () => Promise<EngineModule>,
  { signal, report }: LoadJob,
): Promise<OpenedModel> {
  const marker = new CrashMarker(String(request.source), request.visit);
  const job: Job = { request, signal, report, marker };
  await marker.set('download');
  try {
    const compiling = engine();
    const opening = openModelFiles(request, job, async (header) => {
      // What no engine would run is refused while it is compiled, and where it cannot be fetched.
      const asked = planAsked(header, planOptions(request));
      job.planned = { header, ...planFor(await compiling, header, request, asked) };
    });
    const module = await beside(opening, compiling);
    const choice = await choiceFor(module, request);
    const found = await choice.during(opening);
    return await fromFiles(module, choice, found, job).catch((error: unknown) =>
      abandonAll(found.files, error),
    );
  } finally {
    await marker.clear();
  }
}

function planFor(
  { exports }: EngineModule,
  header: GgufHeader,
  request: OpenRequest,
  asked?: ModelPlan | null,
): Planned {
  return planToFit(exports, header, planOptions(request), request, asked);
}

/** What `load` accepts of a plan. */
function planOptions({ contextLength, kv, head }: OpenRequest): PlanOptions {
  return { contextLength: contextLength || undefined, kv, head };
}

function choiceFor(
  { exports, artifact, build }: EngineModule,
  { kernels = 'auto', store }: OpenRequest,
): Promise<KernelChoice> {
  const timings = new KernelTimings(artifact, build, store !== false);
  return KernelChoice.open(exports, kernels, timings, workerClock);
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
export async function fitAt(
  request: OpenRequest,
  engine: () => Promise<EngineModule>,
  job: LoadJob,
): Promise<Fit> {
  const opening = openModelFiles(request, job);
  const { exports } = await beside(opening, engine());
  const { files, header } = await opening;
  for (const file of files) await file.abandon(false);
  return fitOf(exports, header, planOptions(request), request).fit;
}

/** The model in `found`; where another file arrived than the one that was begun, that one. */
async function fromFiles(
  module: EngineModule,
  choice: KernelChoice,
  found: ModelFiles,
  job: Job,
): Promise<OpenedModel> {
  try {
    return await assemble(module, choice, found, job);
  } catch (error) {
    return assemble(module, choice, await reopened(found.files, error), job);
  }
}

async function assemble(
  module: EngineModule,
  choice: KernelChoice,
  found: ModelFiles,
  job: Job,
): Promise<OpenedModel> {
  const text = import('./text.ts');
  // Its failure is met below.
  text.catch(() => {});
  const { files, header } = found;
  const accepted = job.planned?.header === header ? job.planned : null;
  const { plan, reducedFrom } = accepted ?? planFor(module, header, job.request);
  streamFiles(files);
  const { createChat, createTokenizer, StopFilter } = await text.catch(unfetched);
  const tokenizer = createTokenizer(header);
  const chat = createChat(header, tokenizer);
  const picks = await choice.picksFor(plan, job.signal);
  await job.marker.set('load', sizeOf(plan));
  const engine = await fill(module, plan, picks, found, job);
  const manifests = await completed(files).catch((error: unknown) => {
    engine.free();
    throw error;
  });
  const info = { ...describe(plan, module, files, manifests, engine, tokenizer), reducedFrom };
  const model = new TextModel({
    ...{ engine, plan, clock: workerClock, key: info.key },
    text: { tokenizer, chat, StopFilter },
    guard: guardOf(job.marker, plan),
  });
  return { info, model, choice };
}

function unfetched(cause: unknown): never {
  throw new PocketbitError(
    'network',
    `The tokenizer could not be fetched (${cause}). Serve the script files together.`,
    { cause },
  );
}

/** The marker before a model's first token: until then the page may be killed for the memory it takes. */
function guardOf(marker: CrashMarker, plan: SizedPlan) {
  return {
    before: () => marker.set('generate', sizeOf(plan)),
    after: () => void marker.survived().catch(() => {}),
  };
}

/** What a crash marker says of a plan. */
function sizeOf({ config, residentBytes }: SizedPlan) {
  return { contextLength: config.context, residentBytes };
}

async function fill(
  { exports }: EngineModule,
  plan: SizedPlan,
  picks: readonly KernelPick[],
  { files, source }: ModelFiles,
  { signal, report }: Job,
): Promise<Engine> {
  const fromCache = files.every((file) => file.fromCache);
  const meter = new ProgressMeter('load', fromCache, report);
  // While the rest arrives, the download reports its own progress.
  const arriving = () => files.some((file) => file.arriving);
  return openEngine(exports, plan, source, {
    picks,
    signal,
    onProgress: (loaded, total) => arriving() || meter.update(loaded, total),
  });
}

function describe(
  plan: SizedPlan,
  { artifact }: EngineModule,
  files: readonly FileLoad[],
  manifests: readonly Manifest[],
  engine: Engine,
  tokenizer: Tokenizer,
): Omit<ModelInfo, 'reducedFrom'> {
  const isStored = files.every(({ store }) => store.kind === 'indexeddb');
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
    storage: isStored ? 'indexeddb' : 'memory',
    sha256: first.sha256,
    activation: plan.scheme,
    crash: null,
    key: [...manifests.map(({ sha256 }) => sha256), plan.config.kv, plan.config.head].join('/'),
    source: isStored ? first.source : null,
  };
}

/** Which kernels serve which tensor, and what that rests on. */
export function profileOf({ info, model, choice }: OpenedModel): KernelProfile {
  const { by, timings } = choice;
  return { artifact: info.artifact, by, tensors: model.kernels(), timings };
}
