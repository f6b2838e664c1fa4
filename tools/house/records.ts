// What a tree writes into IndexedDB: names, keys, shapes, and the bytes of a model.
import { createHash } from 'node:crypto';
import { ask, untilReady } from './assistant.ts';
import { distOf, openHouse, withSite } from './browser.ts';
import { HALF_URL, MODELS } from './models.ts';

/** A value of structured clone as `page/values.js` writes it. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

export interface Origin {
  readonly databases: readonly Database[];
  readonly local: Readonly<Record<string, string>>;
}

export interface Database {
  readonly name: string;
  readonly version: number;
  readonly stores: readonly {
    readonly name: string;
    readonly keyPath: Json;
    readonly autoIncrement: boolean;
    readonly records: readonly { readonly key: Json; readonly value: Json }[];
  }[];
}

/** By database, version and store: each record's key beside its shape, or its value where that is always the same. */
export type StoredShape = Record<string, string[]>;

/** What is asked of the assistant: a record of every kind. */
export const COMMANDS = [
  'Add milk to the shopping list',
  'Set a timer for 10 minutes',
  'Remind me to call mom tomorrow at 9 am',
  'Make a note that the key is under the mat',
];

/** Runs models and the assistant of a tree on a fresh profile and looks at what that left. */
export function recordsOf(tree: string): Promise<StoredShape> {
  return withSite([tree], async (context, site) => {
    const page = await context.newPage();
    await openHouse(page, site);
    const dist = distOf(0);
    for (const { url } of [MODELS.tiny, MODELS.whole]) {
      await page.evaluate((asked) => window.house.store(asked), { dist, model: url });
    }
    await page.evaluate((asked) => window.house.storeHalf(asked), { dist, model: HALF_URL });
    await page.goto(site.url);
    await untilReady(page);
    for (const command of COMMANDS) await ask(page, command);
    await openHouse(page, site);
    const origin = (await page.evaluate(() => window.house.readOrigin())) as Origin;
    return shapeOf(origin, site.url);
  });
}

function shapeOf({ databases }: Origin, url: string): StoredShape {
  const stores = databases.flatMap(({ name, version, stores: all }) =>
    all.map((store) => {
      const place = `${name} v${version} ${store.name} ${store.keyPath} ${store.autoIncrement}`;
      const exact = name === 'pocketbit';
      const lines = store.records.map(({ key, value }) =>
        JSON.stringify([named(key, url), exact ? named(value, url) : typed(value)]),
      );
      return [place, [...new Set(lines)].sort()] as const;
    }),
  );
  return Object.fromEntries(stores);
}

const RANDOM_NAME = /^[0-9a-z]+(-[0-9a-z]+){2,4}$/;
/** Milliseconds since 1970 lie above it, all other numbers below. */
const TIMES = 1e12;

/** A value without what differs from run to run: address, random names, times. Bytes become their length and hash. */
function named(value: Json, url: string): Json {
  if (typeof value === 'string') {
    if (RANDOM_NAME.test(value)) return '<random>';
    return value.replaceAll(url, '<site>/');
  }
  if (typeof value === 'number') return value > TIMES ? '<time>' : value;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((inner) => named(inner, url));
  if (typeof value.base64 === 'string') return `${value.$} ${hashOf(value.base64)}`;
  const entries = Object.entries(value).map(([key, inner]) => [key, named(inner, url)] as const);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function hashOf(base64: string): string {
  const bytes = Buffer.from(base64, 'base64');
  return `${bytes.length} bytes ${createHash('sha256').update(bytes).digest('hex')}`;
}

/** Only the types, with the different ones of a list. */
function typed(value: Json): Json {
  if (value === null) return 'null';
  if (typeof value !== 'object') return typeof value;
  if (Array.isArray(value)) {
    const kinds = new Set(value.map((inner) => JSON.stringify(typed(inner))));
    return [...kinds].sort().map((kind) => JSON.parse(kind) as Json);
  }
  if (typeof value.$ === 'string') return value.$;
  const entries = Object.entries(value).map(([key, inner]) => [key, typed(inner)] as const);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}
