import { PocketbitError } from '@pocketbit/core';
import type { GenerateStats, Line } from '@pocketbit/engine';
import type { GenerateEvent, OpenEvent, Reply, WireError, WorkerApi } from '../protocol.ts';
import { whenIdle } from './idle.ts';
import { maintain } from './maintain.ts';
import { fitAt, type OpenedModel, openModel, profileOf } from './open.ts';

let model: OpenedModel | null = null;
let working = false;

/** What the page can ask of this worker. */
export const api: WorkerApi = {
  async open(request, port) {
    const outcome = await reply(async () => {
      const { signal, report } = jobOf(port);
      model = await openModel(request, signal, report).finally(() => port.close());
      return model.info;
    });
    if (model) void whenIdle(model, idle, [...(request.ids ?? [])]);
    return outcome;
  },

  generate: (request, port) => answer(port, (line) => opened().model.generate(request, line)),

  fit: (request, port) => reply(() => fitAt(request, jobOf(port)).finally(() => port.close())),

  restore: (saved, port) => answer(port, (line) => opened().model.restore(saved, line)),

  save: ({ contextBytes }) => outcomeOf(async () => opened().model.save(contextBytes)),

  warm: () => outcomeOf(async () => opened().model.warmUp(idle)),

  ping: async () => {},

  keep: (request, port) => reply(() => maintain(request, jobOf(port)).finally(() => port.close())),

  tokenize: (text) =>
    reply(async () => opened().model.text.tokenizer.encode(text, { parseSpecial: true })),

  logits: (ids) => reply(async () => opened().model.logits(ids, { aborted: false })),

  // A look at the engine between its tokens, which keeps nobody waiting.
  profile: () => outcomeOf(async () => profileOf(opened())),
};

const idle = () => !working;

/** Writes an answer to a port; the last event is its end or its error. */
async function answer(
  port: MessagePort,
  write: (line: Line) => Promise<GenerateStats>,
): Promise<void> {
  const send = (event: GenerateEvent) => port.postMessage(event);
  const line: Line = {
    chunk: (chunk) => send({ type: 'chunk', chunk }),
    session: (session) => send({ type: 'session', session }),
    signal: abortOf(port),
  };
  const outcome = await reply(() => write(line));
  send(
    outcome.ok ? { type: 'end', stats: outcome.value } : { type: 'error', error: outcome.error },
  );
}

/** Runs one job at a time. */
async function reply<T>(work: () => Promise<T>): Promise<Reply<T>> {
  if (working) return { ok: false, error: busy() };
  working = true;
  try {
    return await outcomeOf(work);
  } finally {
    working = false;
  }
}

/** Turns a failure into data. */
async function outcomeOf<T>(work: () => Promise<T>): Promise<Reply<T>> {
  try {
    return { ok: true, value: await work() };
  } catch (error) {
    return { ok: false, error: wire(error) };
  }
}

function opened(): OpenedModel {
  if (model) return model;
  throw new PocketbitError('worker-crashed', 'No model is open in this worker. Load it again.');
}

function busy(): WireError {
  return {
    code: 'busy',
    message: 'The model is already working on another request. Wait for it or stop it first.',
  };
}

function wire(error: unknown): WireError {
  // Platform fact: a trap leaves the wasm instance in an unknown state, so it is not used again.
  if (typeof WebAssembly === 'object' && error instanceof WebAssembly.RuntimeError) model = null;
  const { code, message, details } = PocketbitError.from(error);
  return { code, message, details };
}

/** A job that reports to a port and is aborted from there. */
function jobOf(port: MessagePort) {
  const send = (event: OpenEvent) => port.postMessage(event);
  const report = (progress: OpenEvent['progress']) => send({ type: 'progress', progress });
  return { signal: abortOf(port), report };
}

function abortOf(port: MessagePort): AbortSignal {
  const controller = new AbortController();
  port.onmessage = () => controller.abort();
  return controller.signal;
}
