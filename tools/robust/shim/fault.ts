/** One call, by the realm that makes it, its kind and its number there, and how it fails. */
export interface Fault {
  readonly realm: string;
  readonly kind: string;
  /** From 1. */
  readonly ordinal: number;
  readonly mode: string;
}

/** What a realm is told before it starts: its name and the fault, if it is to have one. */
export interface Setup {
  readonly realm: string;
  readonly fault: Fault | null;
  /** Whether the fault is asked of the server first: the service worker's script must not differ by fault. */
  readonly ask?: boolean;
}

/** What a realm sends to the server. */
export type Report =
  | { type: 'counts'; realm: string; counts: Record<string, number> }
  | { type: 'hit'; realm: string; stack: string }
  | { type: 'unhandled'; realm: string; message: string };

/** How long a delayed call is held up, milliseconds. */
export const DELAY_MS = 1500;
