// The core of the shim that counts fallible platform calls and lets one of them fail; it runs in pages, workers and the
// service worker before anything of the product does.

import type { Fault, Report, Setup } from './fault.ts';

declare global {
  var pocketbitInject: Setup | undefined;
  /** Bytes of WebAssembly memory of this realm. */
  var pocketbitWasmBytes: (() => number) | undefined;
  /** Moves the wall clock of this realm, milliseconds. */
  var pocketbitJump: ((ms: number) => void) | undefined;
}

const FLUSH_MS = 40;

export const realFetch = globalThis.fetch.bind(globalThis);
const realText = Response.prototype.text;
export const realSetTimeout = globalThis.setTimeout.bind(globalThis);

const { realm, fault: given, ask } = globalThis.pocketbitInject!;
let fault = given;
/** Resolves once the fault is known. */
export const known: Promise<void> = ask ? asked() : Promise.resolve();
const counts: Record<string, number> = {};
let flushing = false;

export const asks = ask === true;

/** Whether this realm's fault is of such a kind: what must be prepared beforehand is so only then. */
export function expects(prefix: string): boolean {
  return fault !== null && fault.realm === realm && fault.kind.startsWith(prefix);
}

/** The fault of this realm and what it is called, for the workers it starts. */
export const own = { realm, fault };

/** Counts a call; how it is to fail, or null. */
export function meet(kind: string): string | null {
  const ordinal = (counts[kind] ?? 0) + 1;
  counts[kind] = ordinal;
  flushSoon();
  if (fault?.realm !== realm || fault.kind !== kind || fault.ordinal !== ordinal) return null;
  const { mode } = fault;
  report({ type: 'hit', realm, stack: new Error(mode).stack ?? '' });
  return mode;
}

/** As `meet`, where the fault has to be asked for first. */
export async function meetLater(kind: string): Promise<string | null> {
  await known;
  return meet(kind);
}

export function wait(ms: number): Promise<void> {
  return new Promise((resolve) => {
    realSetTimeout(resolve, ms);
  });
}

export function failure(name: string): DOMException {
  return new DOMException('injected', name);
}

/** Counts what is still on its way, when the page is left. */
export function flush(): void {
  flushing = false;
  report({ type: 'counts', realm, counts });
}

export function report(what: Report): void {
  const body = JSON.stringify(what);
  realFetch('/inject/report', { method: 'POST', body, keepalive: true }).catch(() => {});
}

function flushSoon(): void {
  if (flushing) return;
  flushing = true;
  realSetTimeout(flush, FLUSH_MS);
}

async function asked(): Promise<void> {
  const answer = await realFetch('/inject/fault', { cache: 'no-store' });
  fault = JSON.parse(await realText.call(answer)) as Fault | null;
}
