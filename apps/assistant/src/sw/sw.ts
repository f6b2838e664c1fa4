import { dropOlder, keepAll, kept, obtained, PAGE, urlOf, whole } from './files.ts';

declare const self: ServiceWorkerGlobalScope;

/** How long an app that is starting may take until it holds its first lock. */
const START_MS = 3000;

/** Navigations that are not the app's: pages of their own beside it. */
const OTHER_PAGES = /\/embed(\/|\.html)|\/bench\//;

/** Whether no page that this version replaces is alive, so that none can ask for it. */
let alone = false;

self.addEventListener('install', (event) => event.waitUntil(install()));
self.addEventListener('activate', (event) => event.waitUntil(activate()));
self.addEventListener('message', ({ data }) => {
  if (data === 'activate') void self.skipWaiting();
});
self.addEventListener('fetch', (event) => {
  const { request } = event;
  if (request.method !== 'GET') return;
  const url = urlOf(request.url);
  if (url && !(request.mode === 'navigate' && url === PAGE)) event.respondWith(file(url, request));
  else if (request.mode === 'navigate' && !OTHER_PAGES.test(new URL(request.url).pathname)) {
    event.respondWith(page(request));
  }
});

/** Keeps every file of this version, or rejects: the version before it goes on then. */
async function install(): Promise<void> {
  await keepAll();
  // An update waits until a page asks for it: the open page may still need the files of its own version.
  alone = self.registration.active !== null && (await nobodyLives().catch(() => false));
  if (alone) await self.skipWaiting();
}

/** The first install takes over the open page, so that one visit is enough to work offline. */
async function activate(): Promise<void> {
  await dropOlder();
  await self.clients.claim();
  if (!alone) return;
  for (const client of await self.clients.matchAll({ type: 'window' })) {
    // Not waited for: the navigation itself waits until this worker is active.
    if (!OTHER_PAGES.test(client.url)) void client.navigate(client.url).catch(() => {});
  }
}

/**
 * Whether no page of the app lives: one that does holds the lock of its conversation, one whose script was never what it
 * should be holds none.
 */
async function nobodyLives(): Promise<boolean> {
  const silent = async () => (await navigator.locks.query()).held?.length === 0;
  if (!(await silent())) return false;
  await new Promise((resolve) => setTimeout(resolve, START_MS));
  return silent();
}

/** The app's page, once all that it needs to start is whole; what the network has where it cannot be made so. */
async function page(request: Request): Promise<Response> {
  if (await whole()) return file(PAGE, request);
  const [own, other] = await Promise.all([kept(PAGE), fetch(request).catch(() => null)]);
  // A redirect is opaque here, and the browser follows it.
  if (other && (other.ok || other.type === 'opaqueredirect')) return other;
  return own ?? other ?? Response.error();
}

/** A file of this version: as it is kept, else fetched again, else whatever the server has under its name. */
async function file(url: string, request: Request): Promise<Response> {
  return (await kept(url)) ?? (await obtained(url).catch(() => fetch(request)));
}
