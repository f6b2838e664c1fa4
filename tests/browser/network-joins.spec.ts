// Bytes of two answers are joined where a strong validator vouches for them, and nowhere else; where it does, nothing that
// is stored is fetched again.

import { honest, type Tell } from '../support/told-server.ts';
import { expect, test } from './fixtures.ts';
import { arrive, CHUNK, FILE, OTHER, SHA256, sha256, type Told, withTold } from './told.ts';

type Headers = Record<string, string>;

/** FILE, broken off after 6 MB; from the second request on OTHER, a file of the same size. */
function changing(first: () => Headers, then: () => Headers = first): Tell {
  return (asked, response) =>
    asked.number === 0
      ? honest(asked, response, FILE, { headers: first(), cut: 6_000_000 })
      : honest(asked, response, OTHER, { headers: then() });
}

/** A date as HTTP writes it, `seconds` from now. */
const date = (seconds = 0) => new Date(Date.now() + seconds * 1000).toUTCString();

const modified = date();
const WEAK: Record<string, () => Headers> = {
  'dates within the second of the answer': () => ({ 'last-modified': modified, date: modified }),
  'dates in the future': () => ({
    'last-modified': date(3600).replace(/\d\d:\d\d GMT/, '00:00 GMT'),
  }),
  'dates that are none': () => ({ 'last-modified': 'yesterday' }),
  'weak ETags that are equal': () => ({ etag: 'W/"v1"' }),
  'empty ETags': () => ({ etag: '' }),
  nothing: () => ({}),
};

for (const origin of ['own', 'other'] as const) {
  for (const [what, headers] of Object.entries(WEAK)) {
    test(`two files are not joined on ${what}, on the ${origin} origin (fault 6)`, async ({
      page,
    }) => {
      await withTold(page, async (told) => {
        const model = told[origin].model('weak.gguf', changing(headers));
        expect(await arrive(page, model.url)).toBe(sha256(OTHER));
      });
    });
  }
}

test('two files are not joined on one date where their weak ETags differ (fault 6)', async ({
  page,
}) => {
  await withTold(page, async ({ own }) => {
    const old = { 'last-modified': 'Tue, 01 Jan 1980 00:00:00 GMT' };
    const model = own.model(
      'dated.gguf',
      changing(
        () => ({ ...old, etag: 'W/"v1"' }),
        () => ({ ...old, etag: 'W/"v2"' }),
      ),
    );
    expect(await arrive(page, model.url)).toBe(sha256(OTHER));
  });
});

test('a date that was weak when the first part came stays weak (fault 6)', async ({ page }) => {
  await withTold(page, async ({ own }) => {
    const model = own.model(
      'late.gguf',
      changing(
        () => ({ 'last-modified': modified, date: modified }),
        () => ({ 'last-modified': modified, date: date(100) }),
      ),
    );
    expect(await arrive(page, model.url)).toBe(sha256(OTHER));
  });
});

for (const origin of ['own', 'other'] as const) {
  test(`a date well before the answer vouches, on the ${origin} origin: nothing is fetched twice (fault 6)`, async ({
    page,
  }) => {
    await withTold(page, async (told) => {
      const headers = { 'last-modified': date(-7200) };
      const model = told[origin].model('strong.gguf', (asked, response) =>
        honest(asked, response, FILE, {
          headers,
          cut: asked.number === 0 ? 6_000_000 : undefined,
        }),
      );
      expect(await arrive(page, model.url)).toBe(SHA256);
      expect(model.asked).toEqual(['all', '6000000-']);
    });
  });
}

/** An address of the page's own server that sends to another host, which allows no request that must be asked for. */
function redirected({ own, other }: Told, tell: Tell) {
  const target = other.model('model.gguf', tell);
  const model = own.model('here.gguf', (_, response) =>
    response.writeHead(302, { location: target.url }).end(),
  );
  return { model, target };
}

test('an own address that redirects to another host goes on where it broke off (fault 7)', async ({
  page,
}) => {
  await withTold(page, async (told) => {
    const headers = { etag: '"v1"', 'access-control-expose-headers': 'etag' };
    const { model, target } = redirected(told, (asked, response) =>
      honest(asked, response, FILE, { headers, cut: asked.number === 0 ? 6_000_000 : undefined }),
    );
    expect(await arrive(page, model.url)).toBe(SHA256);
    expect(target.asked).toEqual(['all', '6000000-']);
  });
});

test('an own address that redirects goes on at the next visit too, by its date (fault 7)', async ({
  page,
}) => {
  await withTold(page, async (told) => {
    const headers = { 'last-modified': date(-7200) };
    const { model, target } = redirected(told, (asked, response) => {
      if (asked.number === 1) return response.writeHead(404).end();
      return honest(asked, response, FILE, {
        headers,
        cut: asked.number === 0 ? 6_000_000 : undefined,
      });
    });
    expect(await arrive(page, model.url)).toBe('network');
    expect(await arrive(page, model.url)).toBe(SHA256);
    expect(target.asked).toEqual(['all', '6000000-', `${CHUNK}-`]);
  });
});

test('an own address that redirects only from its second answer on goes on (fault 7)', async ({
  page,
}) => {
  await withTold(page, async ({ own, other }) => {
    const headers = { etag: '"v1"', 'access-control-expose-headers': 'etag' };
    const target = other.model('model.gguf', (asked, response) =>
      honest(asked, response, FILE, { headers }),
    );
    const model = own.model('moved.gguf', (asked, response) =>
      asked.number === 0
        ? honest(asked, response, FILE, { headers, cut: 6_000_000 })
        : response.writeHead(307, { location: target.url }).end(),
    );
    expect(await arrive(page, model.url)).toBe(SHA256);
    expect(target.asked).toEqual(['6000000-']);
  });
});

test('a server without ranges whose validator is the same costs no stored byte (fault 4)', async ({
  page,
}) => {
  await withTold(page, async ({ own }) => {
    const model = own.model('rangeless.gguf', (asked, response) => {
      if (asked.number === 2) return response.writeHead(404).end();
      const cut = asked.number < 2 ? 6_000_000 - asked.number * 5_000_000 : undefined;
      return honest(asked, response, FILE, { headers: { etag: '"v1"' }, ranges: false, cut });
    });
    expect(await arrive(page, model.url)).toBe('network');
    const stored = await page.evaluate(async () => {
      const { unfinished } = await window.lab.pocketbit.storageEstimate();
      return unfinished[0]?.loadedBytes;
    });
    expect(stored).toBe(CHUNK);
    expect(await arrive(page, model.url)).toBe(SHA256);
  });
});
