// Bodies that do not end, do not say how long they are, or come a byte a second.
import { readFileSync } from 'node:fs';
import type { Page } from '@playwright/test';
import { cachedModel, TINY } from '../models/random.ts';
import { honest, sendBytes, type Tell, type ToldModel } from '../support/told-server.ts';
import { expect, test } from './fixtures.ts';
import {
  arrive,
  arriveAs,
  CHUNK,
  FILE,
  hashOnceLoaded,
  SHA256,
  sha256,
  unfinished,
  withTold,
} from './told.ts';

const MODEL = new Uint8Array(readFileSync(cachedModel(TINY, 1)));
const MB = 1_000_000;

/** A body that begins so and goes on with `filler` for ever, or for as much as it has said. */
function endless(start: Uint8Array, filler: number, length?: number): Tell {
  const part = new Uint8Array(64 * 1024).fill(filler);
  return async (_, response) => {
    response.writeHead(200, length ? { 'content-length': length } : {});
    await sendBytes(response, start);
    while (!response.destroyed) await sendBytes(response, part);
  };
}

const text = (value: string) => new TextEncoder().encode(value);
/** A header that says of itself that it is sound as far as it goes: a key of the largest length, and no more. */
const junk = new Uint8Array(64).fill(255);
junk.set(text('GGUF'));
junk.set([3, 0, 0, 0], 4);

const BODIES: Record<string, [start: Uint8Array, filler: number]> = {
  zeros: [new Uint8Array(8), 0],
  text: [text('<html>'), 65],
  'a header of junk': [junk, 255],
  'the magic and zeros': [text('GGUF'), 0],
  'a sound model and zeros after it': [MODEL, 0],
};

/** How a call refuses a model, and how many bytes of it it took before that. */
function refused(page: Page, way: 'load' | 'importModel' | 'checkFit', address: string) {
  return page.evaluate(
    async ([name, url]) => {
      let most = 0;
      const onProgress = ({ loadedBytes }: { loadedBytes: number }) => {
        most = Math.max(most, loadedBytes);
      };
      const work = window.lab.pocketbit[name];
      const failure = await window.lab.failure(() => work(url, { onProgress }));
      return { code: failure?.code, most };
    },
    [way, address] as const,
  );
}

for (const [what, [start, filler]] of Object.entries(BODIES)) {
  for (const way of ['load', 'importModel', 'checkFit'] as const) {
    test(`${way}: a body without end, of ${what}, is refused before 40 MB (fault 9)`, async ({
      page,
    }) => {
      await withTold(page, async ({ own }) => {
        const model = own.model('endless.gguf', endless(start, filler));
        const began = performance.now();
        const { code, most } = await refused(page, way, model.url);
        expect(code).toMatch(/^(bad-model|unsupported)$/);
        expect(performance.now() - began).toBeLessThan(20_000);
        expect(most).toBeLessThan(40 * MB);
        expect(await unfinished(page)).toBe(0);
        expect(await page.evaluate(() => window.lab.pocketbit.listModels())).toEqual([]);
      });
    });
  }
}

for (const [what, [start, filler]] of Object.entries(BODIES)) {
  for (const way of ['load', 'importModel'] as const) {
    test(`${way}: ${what}, with a length of 8 GB, is refused before 40 MB (fault 9)`, async ({
      page,
    }) => {
      await withTold(page, async ({ own }) => {
        const model = own.model('long.gguf', endless(start, filler, 8e9));
        const { code, most } = await refused(page, way, model.url);
        expect(code).toMatch(/^(bad-model|unsupported)$/);
        expect(most).toBeLessThan(40 * MB);
        // One that another version may read keeps its first chunk.
        expect(await unfinished(page)).toBeLessThanOrEqual(CHUNK);
      });
    });
  }
}

test('the magic that comes byte by byte is enough to refuse, and to accept (fault 9)', async ({
  page,
}) => {
  await withTold(page, async ({ own }) => {
    const drip =
      (file: Uint8Array): Tell =>
      async (_, response) => {
        response.writeHead(200);
        await sendBytes(response, file.subarray(0, 6), 10);
        await sendBytes(response, file.subarray(6));
        response.end();
      };
    const good = own.model('good.gguf', drip(FILE));
    expect(await arrive(page, good.url)).toBe(SHA256);
    const bad = own.model('bad.gguf', async (_, response) => {
      response.writeHead(200);
      await sendBytes(response, text('GGUX'), 10);
    });
    const began = performance.now();
    expect(await arrive(page, bad.url)).toBe('bad-model');
    expect(performance.now() - began).toBeLessThan(10_000);
  });
});

test('a model without a length is stored and loaded as it is (fault 9)', async ({ page }) => {
  await withTold(page, async ({ own }) => {
    const model = own.model('unsized.gguf', async (_, response) => {
      response.writeHead(200);
      await sendBytes(response, MODEL);
      response.end();
    });
    expect(await hashOnceLoaded(page, model.url)).toBe(sha256(MODEL));
  });
});

const drip: Tell = async ({ start }, response) => {
  response.writeHead(start ? 206 : 200, {
    etag: '"v1"',
    'content-length': FILE.length - start,
    ...(start && { 'content-range': `bytes ${start}-${FILE.length - 1}/${FILE.length}` }),
  });
  await sendBytes(response, FILE.subarray(start, start + 100_000));
  for (let at = start + 100_000; !response.destroyed; at++) {
    await sendBytes(response, FILE.subarray(at, at + 1), 10);
  }
};
const good: Tell = (asked, response) =>
  honest(asked, response, FILE, { headers: { etag: '"v1"' } });

test('a source of a few bytes a second is left for a mirror, by a hash without a byte twice (fault 23)', {
  tag: '@slow',
}, async ({ page }) => {
  test.setTimeout(120_000);
  await withTold(page, async ({ own }) => {
    const slow = own.model('slow.gguf', drip);
    const mirror = own.model('mirror.gguf', good);
    const began = performance.now();
    const urls = [slow.url, mirror.url];
    expect(await arriveAs(page, { urls, sha256: SHA256 })).toBe(SHA256);
    expect(performance.now() - began).toBeLessThan(45_000);
    expect(slow.asked).toEqual(['all']);
    const [from] = mirror.asked.map((asked) => Number(asked.slice(0, -1)));
    expect(from).toBeGreaterThan(100_000);
  });
});

test('a source of a few bytes a second is left for a mirror without a hash too (fault 23)', {
  tag: '@slow',
}, async ({ page }) => {
  test.setTimeout(120_000);
  await withTold(page, async ({ own }) => {
    const urls = [own.model('slow.gguf', drip).url, own.model('mirror.gguf', good).url];
    expect(await arrive(page, ...urls)).toBe(SHA256);
  });
});

test('a chunk is repaired from the mirror of a source of a few bytes a second (fault 23)', {
  tag: '@slow',
}, async ({ page }) => {
  test.setTimeout(120_000);
  await withTold(page, async ({ own }) => {
    const slow: ToldModel = own.model('slow.gguf', good);
    const mirror = own.model('mirror.gguf', good);
    expect(await arrive(page, slow.url, mirror.url)).toBe(SHA256);
    slow.tell = drip;
    const report = await page.evaluate(async (url) => {
      await window.lab.store.damageChunk(1);
      return window.lab.pocketbit.repairModel(url);
    }, slow.url);
    expect(report).toMatchObject({ damagedChunks: 1, repairedChunks: 1 });
  });
});

/** MODEL at 500 bytes a second for 25 s, then the rest at once. */
const patient: Tell = async (asked, response) => {
  const { start } = asked;
  if (start > 0) return honest(asked, response, MODEL, { headers: { etag: '"v1"' } });
  response.writeHead(200, { etag: '"v1"', 'content-length': MODEL.length });
  await sendBytes(response, MODEL.subarray(0, 12_500), 500);
  await sendBytes(response, MODEL.subarray(12_500));
  response.end();
};

test('a slow source that is the only one is never left (fault 23)', { tag: '@slow' }, async ({
  page,
}) => {
  test.setTimeout(120_000);
  await withTold(page, async ({ own }) => {
    const model = own.model('only.gguf', patient);
    expect(await arrive(page, model.url)).toBe(sha256(MODEL));
    expect(model.asked).toEqual(['all']);
  });
});

test('two sources that are both slow: the file still arrives (fault 23)', { tag: '@slow' }, async ({
  page,
}) => {
  test.setTimeout(180_000);
  await withTold(page, async ({ own }) => {
    const crawl: Tell = async (_, response) => {
      response.writeHead(200, { etag: '"v1"', 'content-length': MODEL.length });
      await sendBytes(response, MODEL.subarray(0, 22_500), 500);
      await sendBytes(response, MODEL.subarray(22_500));
      response.end();
    };
    const urls = ['a', 'b'].map((name) => own.model(`${name}.gguf`, crawl).url);
    expect(await arrive(page, ...urls)).toBe(sha256(MODEL));
  });
});
