import { PocketbitError } from '@pocketbit/core';
import type {
  GenerateEvent,
  GenerateStats,
  OpenEvent,
  Reply,
  WireError,
  WorkerApi,
} from '../protocol.ts';
import { profileOf } from './choice.ts';
import { maintain } from './maintain.ts';
import { fitAt, openModel } from './open.ts';
import { generate, type Line, type LoadedModel, restore } from './session.ts';
import { settle, warmUp } from './settle.ts';

let model: LoadedModel | null = null;
let working = false;

/** What the page can ask of this worker. */
export const api: WorkerApi = {
  async open(request, port) {
    const outcome = await reply(async () => {
      const { signal, report } = jobOf(port);
      model = await openModel(request, signal, report).finally(() => port.close());
      return model.info;
    });
    if (model) void settle(model, idle, [...(request.ids ?? [])]);
    return outcome;
  },

  generate: (request, port) => answer(port, (line) => generate(opened(), request, line)),

  fit: (request, port) => reply(() => fitAt(request, jobOf(port)).finally(() => port.close())),

  restore: (saved, port) => answer(port, (line) => restore(opened(), saved, line)),

  save: ({ contextBytes }) => outcomeOf(async () => opened().answer?.save(contextBytes) ?? null),

  warm: () => outcomeOf(async () => warmUp(opened().context, idle)),

  ping: async () => {},

  keep: (request, port) => reply(() => maintain(request, jobOf(port)).finally(() => port.close())),

  tokenize: (text) => reply(async () => opened().tokenizer.encode(text, { parseSpecial: true })),

  logits: (ids) =>
    reply(async () => {
      const { context } = opened();
      await context.become(ids, new AbortController().signal);
      return context.engine.logits();
    }),

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
  const line: Line = { send, signal: abortOf(port) };
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

function opened(): LoadedModel {
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
