// Servers that compress what they send. Platform fact: other origins hide Content-Encoding and show Content-Length, which
// is that of the compressed body; and a part of a compressed body cannot be decoded.
import { readFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { cachedModel, TINY } from '../models/random.ts';
import { type Asked, honest, type Tell } from '../support/told-server.ts';
import { expect, test } from './fixtures.ts';
import { arrive, CHUNK, FILE, hashOnceLoaded, SHA256, sha256, withTold } from './told.ts';

/** A file that becomes smaller, one that does not, and a model. */
const SMALLER = FILE.map((byte, i) => (i % 3 === 0 || i < 4 ? byte : 7));
const MODEL = new Uint8Array(readFileSync(cachedModel(TINY, 1)));
const FILES = { smaller: SMALLER, larger: FILE };

interface Compressing {
  /** Bytes of the compressed body after which the first answers break off, each. */
  cuts?: number[];
  ranges?: boolean;
  headers?: Record<string, string>;
}

/** A server that has the file compressed, and ranges of that. */
function compressed(
  file: Uint8Array,
  { cuts = [], ranges = true, headers }: Compressing = {},
): Tell {
  const body = gzipSync(file, { level: 1 });
  return (asked: Asked, response: ServerResponse) =>
    honest(asked, response, body, {
      headers: { 'content-encoding': 'gzip', etag: '"z"', ...headers },
      cut: cuts[asked.number],
      ranges,
    });
}

for (const [name, file] of Object.entries(FILES)) {
  for (const origin of ['own', 'other'] as const) {
    test(`a compressed file that is ${name} so arrives whole, from the ${origin} origin (fault 8)`, async ({
      page,
    }) => {
      await withTold(page, async (told) => {
        const model = told[origin].model('z.gguf', compressed(file));
        expect(await arrive(page, model.url)).toBe(sha256(file));
      });
    });

    test(`a compressed file that is ${name} so arrives though it breaks off, from the ${origin} origin (fault 8)`, async ({
      page,
    }) => {
      test.setTimeout(120_000);
      await withTold(page, async (told) => {
        const { length } = gzipSync(file, { level: 1 });
        const cut = Math.floor(0.8 * length);
        const model = told[origin].model('z.gguf', compressed(file, { cuts: [cut] }));
        expect(await arrive(page, model.url)).toBe(sha256(file));
      });
    });

    test(`a compressed file that is ${name} so is gone on with at another visit, from the ${origin} origin (fault 8)`, async ({
      page,
    }) => {
      test.setTimeout(120_000);
      await withTold(page, async (told) => {
        const { length } = gzipSync(file, { level: 1 });
        const good = compressed(file);
        const model = told[origin].model('z.gguf', (asked, response) =>
          asked.number === 0
            ? compressed(file, { cuts: [Math.floor(0.8 * length)] })(asked, response)
            : response.writeHead(404).end(),
        );
        expect(await arrive(page, model.url)).toBe('network');
        model.tell = good;
        expect(await arrive(page, model.url)).toBe(sha256(file));
      });
    });
  }
}

test('a server that compresses the whole and not its parts, from another origin (fault 8)', async ({
  page,
}) => {
  test.setTimeout(120_000);
  await withTold(page, async ({ other }) => {
    const old = { 'last-modified': 'Tue, 01 Jan 2019 00:00:00 GMT' };
    const whole = compressed(SMALLER, { cuts: [2_000_000], headers: { ...old, etag: 'W/"1"' } });
    const model = other.model('z.gguf', (asked, response) =>
      asked.ranged ? honest(asked, response, SMALLER, { headers: old }) : whole(asked, response),
    );
    expect(await arrive(page, model.url)).toBe(sha256(SMALLER));
  });
});

for (const origin of ['own', 'other'] as const) {
  test(`a compressed model is loaded, from the ${origin} origin (fault 8)`, async ({ page }) => {
    await withTold(page, async (told) => {
      const model = told[origin].model('z.gguf', compressed(MODEL));
      expect(gzipSync(MODEL, { level: 1 }).length).toBeLessThan(MODEL.length);
      expect(await hashOnceLoaded(page, model.url)).toBe(sha256(MODEL));
    });
  });

  test(`a chunk is repaired from a compressing server of the ${origin} origin (fault 8)`, async ({
    page,
  }) => {
    test.setTimeout(120_000);
    await withTold(page, async (told) => {
      const model = told[origin].model('z.gguf', compressed(FILE));
      expect(await arrive(page, model.url)).toBe(SHA256);
      const report = await page.evaluate(async (url) => {
        await window.lab.store.damageChunk(1);
        return window.lab.pocketbit.repairModel(url);
      }, model.url);
      expect(report).toMatchObject({ damagedChunks: 1, repairedChunks: 1 });
    });
  });
}

test('a file that is cut off at another origin is refused all the same (fault 8)', async ({
  page,
}) => {
  await withTold(page, async ({ other }) => {
    const model = other.model('short.gguf', (asked, response) =>
      honest(asked, response, MODEL.subarray(0, -5000), { headers: { etag: '"s"' } }),
    );
    const failure = await page.evaluate(
      (url) => window.lab.failure(() => window.lab.pocketbit.load(url)),
      model.url,
    );
    expect(failure?.code).toBe('bad-model');
    expect(CHUNK).toBeGreaterThan(MODEL.length);
  });
});
