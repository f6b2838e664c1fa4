// What is no answer to the question for a model: captive portals, error pages, wrong ranges. Nothing that is stored is lost
// by them, because none of them is proven to be of the file.
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { Page } from '@playwright/test';
import { writeShards } from '../models/files.ts';
import { SMALL_MODELS } from '../models/published.ts';
import { cachedModel, SHAPE_125M, TINY } from '../models/random.ts';
import { modelCache } from '../support/paths.ts';
import { type Honesty, honest, signIn, type Tell } from '../support/told-server.ts';
import { expect, test } from './fixtures.ts';
import {
  arrive,
  CHUNK,
  FILE,
  OTHER,
  SHA256,
  sha256,
  type Told,
  unfinished,
  withTold,
} from './told.ts';

const TAGGED = { headers: { etag: '"v1"' } };
/** An answer whose body is text. */
const said =
  (status: number, type: string, text: string, headers: Record<string, string> = {}): Tell =>
  (_, response) =>
    response.writeHead(status, { 'content-type': type, ...headers }).end(text);

/** What stands between the page and the server, by what it answers to a request that goes on with a download. */
const INTRUDERS: Record<string, Tell> = {
  'a web page with status 200': signIn,
  'a web page that calls itself bytes': said(
    200,
    'application/octet-stream',
    '<!doctype html><p>Hi',
  ),
  'a web page of no type': (_, response) => response.end('<html>'),
  'JSON with status 200': said(200, 'application/json', '{"error":"not signed in"}'),
  'an empty body with status 200': said(200, 'application/octet-stream', ''),
  'an empty body with status 206': said(206, 'application/octet-stream', ''),
  'a redirect to a login page': ({ number }, response) =>
    response.writeHead(302, { location: `/lab/index.html?${number}` }).end(),
  'zeros of the right length, without a validator': (_, response) =>
    response.end(new Uint8Array(FILE.length)),
  'zeros of the right length, with the right validator': (_, response) => {
    response.setHeader('etag', '"v1"');
    response.end(new Uint8Array(FILE.length));
  },
  'another range than the one asked for': (_, response) => {
    response.setHeader('content-range', `bytes 0-99/${FILE.length}`);
    response.setHeader('etag', '"v1"');
    response.writeHead(206).end(FILE.subarray(0, 100));
  },
  'the right range of a file of another size': ({ start }, response) => {
    response.setHeader('content-range', `bytes ${start}-${start + 99}/${FILE.length + 5}`);
    response.setHeader('etag', '"v1"');
    response.writeHead(206).end(new Uint8Array(100));
  },
  'the right range without a validator': ({ start }, response) => {
    response.setHeader('content-range', `bytes ${start}-${FILE.length - 1}/${FILE.length}`);
    response.writeHead(206).end(new Uint8Array(FILE.length - start));
  },
  'a refusal: 403': said(403, 'text/html', 'blocked'),
  'a missing file: 404': said(404, 'text/html', 'gone'),
  'no such range: 416': said(416, 'text/plain', 'no'),
  'network authentication required: 511': said(511, 'text/html', 'sign in'),
};

/** FILE with its validator, broken off after 6 MB by the first answer; then what `next` says. */
function broken(next: Tell, honesty: Honesty = TAGGED): Tell {
  return (asked, response) => {
    if (asked.number > 0) return next(asked, response);
    return honest(asked, response, FILE, { ...honesty, cut: 6_000_000 });
  };
}

const good: Tell = (asked, response) => honest(asked, response, FILE, TAGGED);

for (const [what, intruder] of Object.entries(INTRUDERS)) {
  test(`${what}, once in the middle of a download, costs nothing of it (fault 4)`, async ({
    page,
  }) => {
    await withTold(page, async ({ own }) => {
      const next: Tell = (asked, response) =>
        (asked.number === 1 ? intruder : good)(asked, response);
      const model = own.model('once.gguf', broken(next));
      const gone = /: 40[34]/.test(what);
      expect(await arrive(page, model.url)).toBe(gone ? 'network' : SHA256);
      if (gone) expect(await arrive(page, model.url)).toBe(SHA256);
      expect(model.asked.filter((range) => range === 'all').length).toBeLessThanOrEqual(2);
    });
  });
}

test('what stands between page and server for good: what is stored stays, and is gone on with later (fault 4)', {
  tag: '@slow',
}, async ({ page }) => {
  test.setTimeout(180_000);
  await withTold(page, async ({ own }) => {
    const models = Object.entries(INTRUDERS).map(([what, intruder]) => ({
      what,
      model: own.model('lasting.gguf', broken(intruder)),
    }));
    const ends = await Promise.all(models.map(({ model }) => arrive(page, model.url)));
    expect(ends).toEqual(models.map(() => 'network'));
    expect(await unfinished(page)).toBe(models.length * CHUNK);
    for (const { what, model } of models) {
      model.tell = good;
      const from = model.asked.length;
      expect(await arrive(page, model.url), what).toBe(SHA256);
      expect(model.asked.slice(from), what).toEqual([`${CHUNK}-`]);
    }
  });
});

test('a captive portal at the very first request leaves nothing behind, and the next load goes well (fault 4)', async ({
  page,
}) => {
  await withTold(page, async ({ own }) => {
    const model = own.model('first.gguf', signIn);
    expect(['bad-model', 'network']).toContain(await arrive(page, model.url));
    expect(await unfinished(page)).toBe(0);
    model.tell = good;
    expect(await arrive(page, model.url)).toBe(SHA256);
  });
});

test('a portal between two visits: what the first stored is still there for the third (fault 4)', async ({
  page,
}) => {
  test.setTimeout(180_000);
  await withTold(page, async ({ own }) => {
    const model = own.model('visits.gguf', broken(said(404, 'text/html', 'gone')));
    expect(await arrive(page, model.url)).toBe('network');
    model.tell = signIn;
    expect(await arrive(page, model.url)).toBe('network');
    expect(await unfinished(page)).toBe(CHUNK);
    model.tell = good;
    expect(await arrive(page, model.url)).toBe(SHA256);
    expect(model.asked.at(-1)).toBe(`${CHUNK}-`);
  });
});

test('a portal after 38 of 64 MB of a model that is loaded: the next load goes on from there (fault 4)', {
  tag: '@slow',
}, async ({ page }) => {
  test.setTimeout(180_000);
  await withTold(page, async ({ own }) => {
    const file = new Uint8Array(readFileSync(cachedModel(SHAPE_125M, 1)));
    const cut = 38_000_000;
    const model = own.model('large.gguf', (asked, response) =>
      asked.number > 0
        ? signIn(asked, response)
        : honest(asked, response, file, { ...TAGGED, cut }),
    );
    expect(await failureOfLoad(page, model.url)).toBe('network');
    // What the engine had not taken in when the connection was reset is lost with it.
    const stored = await unfinished(page);
    expect(stored).toBeGreaterThanOrEqual(CHUNK);
    const from = model.asked.length;
    model.tell = (asked, response) => honest(asked, response, file, TAGGED);
    expect(await failureOfLoad(page, model.url)).toBe('loaded');
    expect(model.asked.slice(from)).toEqual([`${stored}-`]);
  });
});

test('a mirror behind a portal costs nothing of what another has given (fault 4)', async ({
  page,
}) => {
  await withTold(page, async ({ own }) => {
    const model = own.model('mirrored.gguf', (asked, response) =>
      honest(asked, response, FILE, { ...TAGGED, cut: asked.number === 0 ? 6_000_000 : undefined }),
    );
    const portal = own.model('portal.gguf', signIn);
    expect(await arrive(page, model.url, portal.url)).toBe(SHA256);
    expect(model.asked).toEqual(['all', '6000000-']);
  });
});

test('a file that really is another one replaces what is stored (fault 4)', async ({ page }) => {
  await withTold(page, async ({ own }) => {
    const model = own.model(
      'changed.gguf',
      broken((asked, response) => honest(asked, response, OTHER, { headers: { etag: '"v2"' } })),
    );
    expect(await arrive(page, model.url)).toBe(sha256(OTHER));
    expect(await unfinished(page)).toBe(0);
  });
});

test('a new file that breaks off before its first chunk leaves the old part in its place (fault 4)', async ({
  page,
}) => {
  await withTold(page, async ({ own }) => {
    const model = own.model(
      'torn.gguf',
      broken((asked, response) => {
        if (asked.number > 3) return response.writeHead(404).end();
        return honest(asked, response, OTHER, { headers: { etag: '"v2"' }, cut: 1_000_000 });
      }),
    );
    expect(await arrive(page, model.url)).toBe('network');
    expect(await unfinished(page)).toBe(CHUNK);
    model.tell = good;
    const from = model.asked.length;
    expect(await arrive(page, model.url)).toBe(SHA256);
    expect(model.asked.slice(from)).toEqual([`${CHUNK}-`]);
  });
});

test('a portal while a chunk is repaired: the error is of the network, and the repair goes well later (fault 4)', async ({
  page,
}) => {
  test.setTimeout(120_000);
  await withTold(page, async ({ own }) => {
    const model = own.model('repaired.gguf', good);
    expect(await arrive(page, model.url)).toBe(SHA256);
    await page.evaluate(() => window.lab.store.damageChunk(0));
    model.tell = signIn;
    const repair = () =>
      page.evaluate(async (url) => {
        const { repairModel } = window.lab.pocketbit;
        const failure = await window.lab.failure(() => repairModel(url));
        return failure?.code ?? 'repaired';
      }, model.url);
    expect(await repair()).toBe('network');
    const times = model.asked.length;
    model.tell = (asked, response) => (asked.number === times ? signIn : good)(asked, response);
    expect(await repair()).toBe('repaired');
  });
});

test('a portal at the second shard deletes nothing of the first (fault 4)', async ({ page }) => {
  const paths = writeShards(SMALL_MODELS[0]!, modelCache, 2);
  const files = paths.map((path) => new Uint8Array(readFileSync(path)));
  await withTold(page, async (told) => {
    const first = shardServer(
      told,
      paths.map((path) => basename(path)),
      files,
    );
    const failed = await failureOfLoad(page, first.url);
    expect(failed).toBe('network');
    const stored = await page.evaluate(() => window.lab.pocketbit.listModels());
    expect(stored.map(({ source }) => source)).toEqual([first.url]);
    first.open();
    expect(await failureOfLoad(page, first.url)).toBe('loaded');
  });
});

test('a portal while the header is on its way: a question for the fit fails by the network, and is answered later (fault 4)', {
  tag: '@slow',
}, async ({ page }) => {
  test.setTimeout(120_000);
  await withTold(page, async ({ own }) => {
    const file = new Uint8Array(readFileSync(cachedModel(TINY, 1)));
    const model = own.model('fit.gguf', (asked, response) =>
      asked.number > 0
        ? signIn(asked, response)
        : honest(asked, response, file, { ...TAGGED, cut: 2000 }),
    );
    const ask = () =>
      page.evaluate(async (url) => {
        const { checkFit } = window.lab.pocketbit;
        return (await window.lab.failure(() => checkFit(url)))?.code ?? 'answered';
      }, model.url);
    expect(await ask()).toBe('network');
    model.tell = (asked, response) => honest(asked, response, file, TAGGED);
    expect(await ask()).toBe('answered');
  });
});

function shardServer({ own }: Told, names: string[], files: Uint8Array[]) {
  let closed = true;
  const model = own.model('placeholder.gguf', () => {});
  const folder = model.url.slice(0, model.url.lastIndexOf('/'));
  model.tell = (asked, response) => {
    const index = names.findIndex((name) => asked.path.endsWith(name));
    if (index > 0 && closed) return signIn(asked, response);
    return honest(asked, response, files[index]!, { headers: { etag: `"${index}"` } });
  };
  const open = () => {
    closed = false;
  };
  return { url: `${folder}/${names[0]}`, open };
}

/** `loaded`, or the code of the error. */
function failureOfLoad(page: Page, url: string): Promise<string> {
  return page.evaluate(async (address) => {
    const failure = await window.lab.failure(async () => {
      const model = await window.lab.pocketbit.load(address, { contextLength: 64 });
      await model.close();
    });
    return failure?.code ?? 'loaded';
  }, url);
}
