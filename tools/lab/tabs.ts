// Tabs that share a model. A frame stands for another tab: it has the same locks, channels and store, and workers of its own.
import { deleteModel, type LoadOptions, load } from 'pocketbit';
import type { Lab } from './main.ts';

const WAIT_MS = 60_000;
const SMALL = { contextLength: 64, kernels: 'default' } as const;

interface Tab {
  readonly lab: Lab;
  close(): void;
}

/** A second tab, with the lab in it. */
async function openTab(): Promise<Tab> {
  const frame = document.createElement('iframe');
  frame.src = location.href;
  document.body.append(frame);
  const found = () => (frame.contentWindow as { lab?: Lab } | null)?.lab;
  await until(() => found() !== undefined);
  return { lab: found()!, close: () => frame.remove() };
}

async function until(state: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + WAIT_MS;
  while (!(await state())) {
    if (performance.now() > deadline) throw new Error(`never true: ${state}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** How far a load is, and how far another tab reported to be, bytes. */
interface Progress {
  loaded: number;
  reported: number;
}

/** A load to its end: the hash of the whole file, and its size. */
async function loadIn(lab: Pick<Lab, 'pocketbit'>, model: string, progress: Progress) {
  const loaded = await lab.pocketbit.load(model, {
    ...SMALL,
    onProgress: ({ loadedBytes, elsewhere }) => {
      if (elsewhere) progress.reported = loadedBytes;
      else progress.loaded = loadedBytes;
    },
  });
  const { sha256, fileBytes } = loaded.info;
  await loaded.close();
  return { sha256, fileBytes };
}

const noProgress = (): Progress => ({ loaded: 0, reported: 0 });

/** Two tabs load a model at once: what each has in the end, and how many followed the other's download. */
export async function loadTogether(lab: Pick<Lab, 'pocketbit'>, model: string) {
  const tab = await openTab();
  const progress = [noProgress(), noProgress()] as const;
  const files = await Promise.all([
    loadIn(lab, model, progress[0]),
    loadIn(tab.lab, model, progress[1]),
  ]);
  tab.close();
  return { files, followers: progress.filter(({ reported }) => reported > 0).length };
}

/** The tab that downloads is closed once `leaveAt` bytes were reported to the other: all that were reported, and the file. */
export async function loseDownloader(
  lab: Pick<Lab, 'pocketbit'>,
  { model, leaveAt }: { model: string; leaveAt: number },
) {
  const tab = await openTab();
  const [there, here] = [noProgress(), noProgress()];
  void loadIn(tab.lab, model, there);
  await until(() => there.loaded > 0);
  const loading = loadIn(lab, model, here);
  await until(() => here.reported >= leaveAt);
  tab.close();
  const { fileBytes } = await loading;
  return { reported: here.reported, fileBytes };
}

/** A tab holds the lock of the model's download and answers nothing: how it loses it. */
export async function outlast(model: string): Promise<string> {
  const source = new URL(model, location.href).href;
  const lost = holdSilently(`pocketbit:${source}`);
  await (await load(model, SMALL)).close();
  await deleteModel(source);
  return lost;
}

/** Takes a lock for good; resolves with the name of the error that takes it away. */
function holdSilently(name: string): Promise<string> {
  return navigator.locks
    .request(name, () => new Promise<never>(() => {}))
    .catch((error: Error) => error.name);
}

/** One engine for two tabs: the second asks for it, then takes it from one that does not answer. */
export async function moveEngine(lab: Lab, model: string) {
  const tab = await openTab();
  const events: string[] = [];
  const first = await load(model, oneOf(events));
  const second = await tab.lab.pocketbit.load(model, oneOf(events));
  const { ids } = await second.generate('abcd', { raw: true, maxTokens: 2 }).result;
  const lost = await lab.failure(() => first.generate('abcd').result);
  await second.close();
  await until(async () => !(await held('pocketbit-engine')));
  const stolen = holdSilently('pocketbit-engine');
  await (await tab.lab.pocketbit.load(model, oneOf(events))).close();
  tab.close();
  return { events, tokens: ids.length, lost: lost?.code, stolen: await stolen };
}

/** Loads where one tab has the engine: what happens is noted, and the engine taken over. */
function oneOf(events: string[]): LoadOptions {
  return {
    ...SMALL,
    tabs: 'one',
    onYield: (reason) => void events.push(reason),
    onElsewhere: ({ takeOver }) => {
      events.push('elsewhere');
      takeOver();
    },
  };
}

async function held(name: string): Promise<boolean> {
  const { held: locks = [] } = await navigator.locks.query();
  return locks.some((lock) => lock.name === name);
}
