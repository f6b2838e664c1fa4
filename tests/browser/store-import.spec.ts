// Files that the person picks: what is stored of one is that very file, whatever it is called.
import { expect, test } from './fixtures.ts';

const CHUNK = 4 * 1024 * 1024;

test('a repaired file imported again under its old name gives the repaired bytes, and the damaged copy is its own (fault 14)', async ({
  lab,
}) => {
  const found = await lab.evaluate(async (chunk) => {
    const { importModel, listModels } = window.lab.pocketbit;
    const { sha256Of, exported } = window.lab.store;
    const good = new Uint8Array(3 * chunk + 1000).map((_, i) => i * 7 + (i >> 8));
    good.set(new TextEncoder().encode('GGUF'));
    const bad = good.slice();
    // Between two of the samples that the key is made of.
    bad[2 * chunk + 300_000]! ^= 1;
    const imported = async (bytes: Uint8Array<ArrayBuffer>) => {
      const { source, sha256 } = await importModel(new File([bytes], 'model.gguf'));
      return { source, sha256, own: await sha256Of(bytes), stored: await exported(source) };
    };
    const runs = [
      await imported(bad),
      await imported(good),
      await imported(bad),
      await imported(good),
    ];
    return { runs, listed: (await listModels()).length };
  }, CHUNK);
  for (const { sha256, own, stored } of found.runs) expect([sha256, stored]).toEqual([own, own]);
  const [bad, good, badAgain, goodAgain] = found.runs.map(({ source }) => source);
  expect([badAgain, goodAgain]).toEqual([bad, good]);
  expect(good).not.toBe(bad);
  expect(found.listed).toBe(2);
});

test('a repaired file that is loaded instead of the damaged one is the one that runs (fault 14)', async ({
  lab,
}) => {
  const found = await lab.evaluate(async () => {
    const { load } = window.lab.pocketbit;
    const { sha256Of } = window.lab.store;
    const good = new Uint8Array(await (await fetch('../files/random-125m-1.gguf')).arrayBuffer());
    const bad = good.slice();
    // The lowest code of a byte, 0, becomes 1: weights that are wrong, and valid.
    bad[bad.findIndex((byte, i) => i > bad.length - 500_000 && (byte & 3) === 0)]! |= 1;
    const runs = [];
    for (const bytes of [bad, good, good]) {
      const model = await load(new File([bytes], 'model.gguf'), { contextLength: 64 });
      runs.push({ sha256: model.info.sha256, own: await sha256Of(bytes) });
      await model.close();
    }
    return runs;
  });
  for (const { sha256, own } of found) expect(sha256).toBe(own);
});

test('the same file imported again writes nothing, and is the one that is stored (fault 14)', async ({
  lab,
}) => {
  const found = await lab.evaluate(async (chunk) => {
    const { importModel, listModels } = window.lab.pocketbit;
    const bytes = new Uint8Array(2 * chunk + 10);
    bytes.set(new TextEncoder().encode('GGUF'));
    const first = await importModel(new File([bytes], 'model.gguf'));
    const keys = await window.lab.store.storedKeys();
    const phases: string[] = [];
    const onProgress = ({ phase }: { phase: string }) => phases.push(phase);
    const again = await importModel(new File([bytes], 'model.gguf', { lastModified: 1 }), {
      onProgress,
    });
    const same = (await window.lab.store.storedKeys()).join() === keys.join();
    return {
      same,
      phases: phases.filter((phase) => phase === 'download'),
      sources: [first.source, again.source],
      listed: (await listModels()).length,
    };
  }, CHUNK);
  expect(found).toMatchObject({ same: true, phases: [], listed: 1 });
  expect(new Set(found.sources).size).toBe(1);
});

test('an import that another file of the same name goes on with mixes nothing of the two (fault 14)', async ({
  lab,
}) => {
  const found = await lab.evaluate(async (chunk) => {
    const { importModel } = window.lab.pocketbit;
    const { sha256Of, exported } = window.lab.store;
    const file = await fetch('../files/random-125m-1.gguf');
    const one = new Uint8Array(await file.arrayBuffer());
    const other = one.slice();
    other[3_000_000]! ^= 1;
    // A busy page may hear of the progress when all is done; then another name is tried.
    let [name, code] = ['', ''];
    for (let n = 0; n < 5 && code !== 'aborted'; n++) {
      name = `model${n}.gguf`;
      const stop = new AbortController();
      const onProgress = ({ loadedBytes }: { loadedBytes: number }) => {
        if (loadedBytes > chunk) stop.abort();
      };
      const stopped = await window.lab.failure(() =>
        importModel(new File([one], name), { signal: stop.signal, onProgress }),
      );
      code = stopped?.code ?? '';
    }
    const { source } = await importModel(new File([other], name));
    return [code, (await exported(source)) === (await sha256Of(other))];
  }, CHUNK);
  expect(found).toEqual(['aborted', true]);
});
