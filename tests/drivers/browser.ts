// What the journeys ask of a browser that Playwright does not drive, whatever protocol drives it.
import type { Artifact } from '../../tools/lib/engine.ts';

export type { Artifact };

export interface Window {
  open(url: string): Promise<void>;
  reload(): Promise<void>;
  /** The value of an expression of the page, a promise's awaited. It crosses as JSON; a rejection rejects. */
  evaluate<T>(expression: string): Promise<T>;
  /** Sends keys to the element. */
  type(selector: string, text: string): Promise<void>;
  click(selector: string): Promise<void>;
  /** Ends the browser; what it stored stays. */
  close(): Promise<void>;
}

/** An installed browser with one profile of its own. */
export interface TestBrowser {
  readonly name: string;
  /** The builds of the engine that run here, the one that `load` takes last. */
  readonly artifacts: readonly Artifact[];
  /** A window; a second one after the first was closed finds what the first stored. */
  open(): Promise<Window>;
  /** Hosts other than 127.0.0.1 that any page, worker or service worker asked for. */
  foreignRequests(): string[];
  stop(): Promise<void>;
}

/** Longest a call into a page may take: the larger tiny models take a second in `scalar`, a measurement a minute. */
export const CALL_MS = 300_000;
