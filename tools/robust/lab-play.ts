// What a page does with the package's API on the lab, and what stands in the store afterwards.
import type { Page } from '@playwright/test';
import { Broken, type Play } from './play.ts';

/** Three chunks. */
export const MODEL = '../files/robust-1.gguf';

/** A result, or the code of an error. */
export type Outcome = { value: string } | { code: string; message: string };

export async function openLab(page: Page, play: Play): Promise<void> {
  await page.goto(`${play.site.url}lab/`);
  await page.waitForFunction(() => 'lab' in window);
}

/** Runs `work` on the lab's page within the bound; an error without a code breaks an invariant. */
export async function inLab<A>(
  page: Page,
  play: Play,
  what: string,
  work: (argument: A) => Promise<string>,
  argument: A,
): Promise<Outcome> {
  const text = `(async () => {
    try { return { value: await (${work})(${JSON.stringify(argument)}) }; }
    catch (error) { return { code: error?.code && error.name === 'PocketbitError' ? error.code : null, message: String(error?.stack ?? error) }; }
  })()`;
  const late = new Promise<never>((_, reject) => {
    const timer = setTimeout(() => reject(new Broken(`${what}: hangs`)), play.bound);
    timer.unref();
  });
  const outcome = (await Promise.race([page.evaluate(text), late])) as Outcome & { code: string };
  if ('message' in outcome)
    play.check(outcome.code !== null, `${what}: no coded error: ${outcome.message}`);
  return outcome;
}

/** The same, tried again once where it fails with a code. */
export async function insist<A>(
  page: Page,
  play: Play,
  what: string,
  work: (argument: A) => Promise<string>,
  argument: A,
): Promise<string> {
  const first = await inLab(page, play, what, work, argument);
  if ('value' in first) return first.value;
  const second = await inLab(page, play, what, work, argument);
  if ('value' in second) return second.value;
  throw new Broken(`${what}: ${second.code} also when tried again (${second.message})`);
}

/** Loads the model and makes eight tokens: their ids. */
export async function loadAndAnswer(model: string): Promise<string> {
  const options = { contextLength: 64, kernels: 'default' } as const;
  const loaded = await window.lab.pocketbit.load(model, options);
  try {
    const { ids } = await loaded.generate('abcd', { raw: true, maxTokens: 8 }).result;
    return ids.join();
  } finally {
    await loaded.close();
  }
}

/** Stops an answer half-way, saves it, and goes on with it in another engine: its ids. */
export async function saveAndRestore(model: string): Promise<string> {
  const options = { contextLength: 64, kernels: 'default' } as const;
  const first = await window.lab.pocketbit.load(model, options);
  let saved = null;
  try {
    const stream = first.generate('abcd', { raw: true, maxTokens: 24 });
    let tokens = 0;
    for await (const { ids } of stream) {
      tokens += ids.length;
      if (tokens > 6) saved ??= await first.save({ contextBytes: 1e6 });
    }
  } finally {
    await first.close();
  }
  const second = await window.lab.pocketbit.load(model, options);
  try {
    return (await second.restore(saved!).result).ids.join();
  } finally {
    await second.close();
  }
}

/** Two tabs load at once, one of them as a frame: their hashes. */
export async function loadInTwo(model: string): Promise<string> {
  const { files } = await window.lab.tabs.loadTogether(window.lab, model);
  return files.map(({ sha256 }) => sha256).join();
}

/** A file from a stream, given out again, damaged, put right, loaded and deleted. */
export async function storeJourney(model: string): Promise<string> {
  const { same, damaged, repaired, left } = await window.lab.store.storeJourney(model);
  return [String(same), String(damaged), String(repaired), left].join();
}

/** Damaged chunks, unfinished downloads and chunks that belong to nothing. */
export async function storeState(model: string): Promise<string> {
  const { verifyModel, storageEstimate } = window.lab.pocketbit;
  const { damagedChunks } = await verifyModel(model);
  const { unfinished } = await storageEstimate();
  return [damagedChunks, unfinished.length, await orphans()].join();

  async function orphans(): Promise<number> {
    const done = <T>(request: IDBRequest<T>) =>
      new Promise<T>((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
    const database = await done(indexedDB.open('pocketbit'));
    const objects = database.transaction('models').objectStore('models');
    const keys = (await done(objects.getAllKeys())) as unknown as [string, string][];
    const values = await done(objects.getAll(IDBKeyRange.lowerBound(['draft'])));
    database.close();
    const blobs = new Set(values.map((value: { blob?: string }) => value.blob));
    return keys.filter(([kind, blob]) => kind === 'chunk' && !blobs.has(blob)).length;
  }
}
