import {
  type ByteSource,
  choosePicks,
  encodeConfig,
  type KernelPick,
  loadTensors,
  type ModelPlan,
  type PlanOptions,
  PocketbitError,
  planModel,
  readGguf,
  readGgufShards,
  shardNames,
  type Tokenizer,
} from '@pocketbit/core';
import type { Engine } from '../../wasm/glue.js';
import type { LoadProgress, ModelInfo, OpenRequest } from '../protocol.ts';
import { openDatabase } from '../store/database.ts';
import { download, fetchChunk } from '../store/download.ts';
import type { Manifest, ModelStore } from '../store/manifest.ts';
import { MemoryStore } from '../store/memory.ts';
import { Meter } from '../store/meter.ts';
import { blobOrigin, type Origin, storedOrigin, urlOrigin } from '../store/origin.ts';
import { StoredSource } from '../store/stored-source.ts';
import { type EngineModule, engineModule } from './artifact.ts';
import { Choice } from './choice.ts';
import { Context } from './context.ts';
import { Drift } from './pace.ts';
import type { LoadedModel } from './session.ts';

interface Job {
  request: OpenRequest;
  signal: AbortSignal;
  report(progress: LoadProgress): void;
}

/** A stored file and how to read it. */
interface StoredModelFile {
  manifest: Manifest;
  store: ModelStore;
  source: StoredSource;
  fromCache: boolean;
}

/** Opens a model: engine, download or cache, plan, weights into wasm, tokenizer. */
export async function openModel(
  request: OpenRequest,
  signal: AbortSignal,
  report: (progress: LoadProgress) => void,
): Promise<LoadedModel> {
  const job: Job = { request, signal, report };
  const module = await engineModule(request.artifact, request.wasmBase);
  const choice = await Choice.open(module, request);
  const files = await choice.during(obtainAll(job));
  try {
    return await assemble(module, choice, files, job);
  } catch (error) {
    const failure = PocketbitError.from(error);
    // A file that is no model is not worth its place; the next load may find a better one at the same address.
    if (failure.code === 'bad-model') {
      for (const { store, manifest } of files) await store.remove(manifest.source);
    }
    throw failure;
  }
}

/** The file, or every shard of the model that the address of one of them names. */
async function obtainAll(job: Job): Promise<StoredModelFile[]> {
  const { source, sha256 } = job.request;
  const names = typeof source === 'string' ? shardNames(source) : undefined;
  if (!names || names.length === 1) return [await obtain(job)];
  if (sha256) {
    throw new PocketbitError(
      'unsupported',
      `The model is split over ${names.length} files and sha256 names one. Load it without sha256, or merge the files.`,
    );
  }
  const files: StoredModelFile[] = [];
  for (const name of names) {
    files.push(await obtain({ ...job, request: { ...job.request, source: name } }));
  }
  return files;
}

async function obtain(job: Job): Promise<StoredModelFile> {
  const origin = await originOf(job.request.source);
  const store = (job.request.store ? await openDatabase() : null) ?? new MemoryStore();
  const found = await exclusively(origin.source, job.signal, () => find(origin, store, job));
  const repair = (index: number) => fetchChunk(origin, found.manifest, index, job.signal);
  return { ...found, store, source: new StoredSource(store, found.manifest, repair) };
}

async function originOf(source: string | Blob): Promise<Origin> {
  if (typeof source !== 'string') return blobOrigin(source);
  return source.startsWith('stored:') ? storedOrigin(source) : urlOrigin(source);
}

async function find(origin: Origin, store: ModelStore, { request, signal, report }: Job) {
  const stored = await store.manifest(origin.source);
  const expected = request.sha256?.toLowerCase();
  if (stored && (!expected || stored.sha256 === expected)) {
    return { manifest: stored, fromCache: true };
  }
  const manifest = await download(origin, store, { signal, sha256: expected, report });
  return { manifest, fromCache: false };
}

/** One download of a model at a time over all tabs; the others wait and then find it stored. */
async function exclusively<T>(name: string, signal: AbortSignal, work: () => Promise<T>) {
  if (!globalThis.navigator?.locks) return work();
  return navigator.locks.request(`pocketbit:${name}`, { signal }, work);
}

async function assemble(
  module: EngineModule,
  choice: Choice,
  files: readonly StoredModelFile[],
  job: Job,
): Promise<LoadedModel> {
  const text = import('./text.ts');
  const { header, source } = await readHeader(files);
  const plan = planModel(header, planOptions(job.request));
  const { createChat, createTokenizer } = await text;
  const tokenizer = createTokenizer(header);
  const chat = createChat(header, tokenizer);
  for (const file of files) file.source.releasePassed = true;
  const fromCache = files.every((file) => file.fromCache);
  const picks = await choice.picksFor(plan, job.signal);
  const engine = await fill(module, plan, picks, { source, fromCache }, job);
  return {
    info: describe(plan, module, files, engine, tokenizer),
    context: new Context(engine, plan.config.context),
    tokenizer,
    chat,
    plan,
    choice,
    drift: new Drift(),
    answer: null,
  };
}

async function readHeader(files: readonly StoredModelFile[]) {
  const [first] = files;
  if (files.length > 1) return readGgufShards(files.map(({ source }) => source));
  return { header: await readGguf(first!.source), source: first!.source };
}

function planOptions({ contextLength, kv, head }: OpenRequest): PlanOptions {
  return { ...(contextLength && { contextLength }), ...(kv && { kv }), ...(head && { head }) };
}

async function fill(
  { Engine }: EngineModule,
  plan: ModelPlan,
  picks: readonly KernelPick[],
  { source, fromCache }: { source: ByteSource; fromCache: boolean },
  { signal, report }: Job,
): Promise<Engine> {
  const engine = new Engine(encodeConfig(plan.config));
  const meter = new Meter('load', fromCache, report);
  try {
    choosePicks(engine, picks);
    await loadTensors(plan, source, engine, {
      signal,
      onProgress: (loaded, total) => meter.update(loaded, total),
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
  files: readonly StoredModelFile[],
  engine: Engine,
  tokenizer: Tokenizer,
): ModelInfo {
  const { manifest, store } = files[0]!;
  return {
    name: plan.name,
    architecture: plan.architecture,
    parameters: plan.parameters,
    fileBytes: files.reduce((sum, file) => sum + file.manifest.size, 0),
    residentBytes: engine.residentBytes,
    contextLength: plan.config.context,
    vocabSize: tokenizer.vocabSize,
    artifact,
    storage: store.kind,
    sha256: manifest.sha256,
    activation: plan.scheme,
    key: [...files.map((file) => file.manifest.sha256), plan.config.kv, plan.config.head].join('/'),
    source: store.kind === 'memory' ? null : manifest.source,
  };
}
