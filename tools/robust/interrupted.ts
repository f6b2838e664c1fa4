// A download whose network goes away for a while, in a browser that is already there.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Window } from '../../tests/drivers/browser.ts';
import { cachedModel, SHAPE_125M } from '../../tests/models/random.ts';

/** The model that is downloaded, and bytes a second, so that its download has a middle. */
export const FILE = cachedModel(SHAPE_125M, 1);
export const RATE = 6_000_000;
/** Bytes that have arrived when the network goes. */
const BEFORE = 10_000_000;
const POLL_MS = 50;
const WAIT_MS = 90_000;

/** How a download got over it. */
export interface Outcome {
  /** From the network's return to the next byte. */
  readonly secondsToByte: number;
  /** Bytes that had arrived before it. */
  readonly arrived: number;
  /** The first byte of each request. */
  readonly starts: readonly number[];
  /** Whether the file that is stored in the end is the one that was served. */
  readonly whole: boolean;
}

/** A network that can be taken away. */
export interface Network {
  /** Address of FILE. */
  readonly model: string;
  readonly starts: readonly number[];
  down(): void | Promise<void>;
  up(): void | Promise<void>;
}

interface Flow {
  bytes: number;
  at: number;
  end: string | null;
}

/** Imports a model on the lab page of `window`, with the network gone for `downMs` in its middle. */
export async function interrupted(
  window: Window,
  network: Network,
  downMs: number,
): Promise<Outcome> {
  const sha256 = createHash('sha256').update(readFileSync(FILE)).digest('hex');
  const first = network.starts.length;
  await begin(window, network.model);
  await until(window, ({ bytes }) => bytes > BEFORE);
  await network.down();
  await sleep(downMs);
  const { bytes: arrived } = await flowOf(window);
  await network.up();
  const back = Date.now();
  const { at } = await until(window, ({ bytes }) => bytes > arrived);
  if (at < back) throw new Error(`after ${arrived} bytes more came while the network was away`);
  const { end } = await until(window, () => false);
  if (end !== sha256) throw new Error(`the download came to: ${end}`);
  const starts = network.starts.slice(first);
  return { secondsToByte: (at - back) / 1000, arrived, starts, whole: end === sha256 };
}

async function begin(window: Window, url: string): Promise<void> {
  await window.evaluate(`(() => {
    const flow = { bytes: 0, at: 0, end: null };
    globalThis.flow = flow;
    const { importModel, deleteModel } = globalThis.lab.pocketbit;
    const onProgress = ({ loadedBytes }) => {
      if (loadedBytes > flow.bytes) Object.assign(flow, { bytes: loadedBytes, at: Date.now() });
    };
    deleteModel('${url}')
      .then(() => importModel('${url}', { onProgress }))
      .then(({ sha256 }) => { flow.end = sha256; }, (error) => { flow.end = String(error); });
    return true;
  })()`);
}

const flowOf = (window: Window) => window.evaluate<Flow>('globalThis.flow');

/** The flow once it is as wanted, or has ended. */
async function until(window: Window, wanted: (flow: Flow) => boolean): Promise<Flow> {
  for (const deadline = Date.now() + WAIT_MS; ; await sleep(POLL_MS)) {
    const flow = await flowOf(window);
    if (wanted(flow) || flow.end) return flow;
    if (Date.now() > deadline) throw new Error(`nothing more came after ${flow.bytes} bytes`);
  }
}
