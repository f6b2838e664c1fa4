// The files of this version by what they must be: SHA-256 of each, from the build. Nothing else is kept or answered with.

declare const self: ServiceWorkerGlobalScope & {
  __WB_MANIFEST: { url: string; integrity?: string }[];
};

const { scope } = self.registration;
const CACHE = `pocketbit-shell:${scope}`;

/** Longest wait for a file that has to be fetched before the page can be answered. */
const HEAL_MS = 10_000;

const hashes = new Map(
  self.__WB_MANIFEST.flatMap(({ url, integrity }) =>
    integrity ? [[new URL(url, scope).href, integrity] as const] : [],
  ),
);

export const PAGE = new URL('index.html', scope).href;

/** What the app needs to start; a missing icon or engine is fetched when it is asked for. */
const vital = [...hashes.keys()].filter((url) => /\.(html|js|css)$/.test(url));

/** The file that a request for `address` is for, whatever its query; undefined where it is none of them. */
export function urlOf(address: string): string | undefined {
  const url = new URL(address);
  url.search = '';
  url.hash = '';
  const { href } = url;
  const named = href.endsWith('/') ? `${href}index.html` : href;
  return hashes.has(named) ? named : undefined;
}

/** The file as it is kept; undefined where it is not, or its bytes are not what they were. */
export async function kept(url: string): Promise<Response | undefined> {
  try {
    const found = await (await caches.open(CACHE)).match(keyOf(url));
    return found && (await proven(url, found)) ? found : undefined;
  } catch {
    return undefined;
  }
}

/** The file from the server, kept from now on where the browser can. Rejects where the server has not got these bytes. */
export async function obtained(url: string, signal?: AbortSignal): Promise<Response> {
  const response = await fetched(url, signal);
  await keep(url, response.clone()).catch(() => {});
  return response;
}

/** Keeps every file. Rejects with the first that cannot be had or kept; what is there stays for the next try. */
export async function keepAll(): Promise<void> {
  const files = [...hashes.keys()].map(async (url) => {
    if (!(await kept(url))) await keep(url, await fetched(url));
  });
  await Promise.all(files);
}

/** Whether the app can start with what is kept, if need be after fetching what is not. */
export async function whole(): Promise<boolean> {
  // Not AbortSignal.timeout, which Safari lacks before 16.
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), HEAL_MS);
  const files = vital.map(async (url) => (await kept(url)) ?? (await obtained(url, late.signal)));
  const isWhole = await Promise.all(files).then(
    () => true,
    () => false,
  );
  clearTimeout(timer);
  return isWhole;
}

/** Deletes what is no file of this version, and what versions before this one kept without proof. */
export async function dropOlder(): Promise<void> {
  const cache = await caches.open(CACHE);
  const own = new Set([...hashes.keys()].map(keyOf));
  const older = (await cache.keys()).filter(({ url }) => !own.has(url));
  await Promise.all(older.map((key) => cache.delete(key)));
  await caches.delete(`workbox-precache-v2-${scope}`);
}

/** By name and contents, so that a version finds its own files and no other's. */
function keyOf(url: string): string {
  return `${url}?${encodeURIComponent(hashes.get(url)!)}`;
}

async function keep(url: string, response: Response): Promise<void> {
  await (await caches.open(CACHE)).put(keyOf(url), response);
}

/** First as the browser's own cache has it, then past that. */
async function fetched(url: string, signal?: AbortSignal): Promise<Response> {
  for (const cache of ['default', 'reload'] as const) {
    const response = await fetch(url, { cache, signal: signal ?? null }).catch(() => null);
    if (response && (await proven(url, response))) return unredirected(response);
  }
  throw new TypeError(`${url} could not be fetched as this version has it`);
}

async function proven(url: string, response: Response): Promise<boolean> {
  if (!response.ok) return false;
  const bytes = await response.clone().arrayBuffer();
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return hashes.get(url) === `sha256-${btoa(String.fromCharCode(...hash))}`;
}

/** Platform fact: a navigation is not answered with a response that came by a redirect. */
function unredirected(response: Response): Response {
  if (!response.redirected) return response;
  const { status, headers } = response;
  return new Response(response.body, { status, headers });
}
