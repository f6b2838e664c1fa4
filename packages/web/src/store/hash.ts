import { Sha256 } from './sha256.ts';

/** SHA-256 of `bytes`, lower-case hex. */
export async function digest(bytes: ArrayBuffer): Promise<string> {
  // Platform fact: crypto.subtle exists in secure contexts only, so not on http:// pages of a local network.
  if (!globalThis.crypto?.subtle) return hex(new Sha256().update(new Uint8Array(bytes)).digest());
  return hex(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)));
}

/** SHA-256 of a file that passes by in pieces. */
export class RunningHash {
  readonly #hash = new Sha256();

  update(bytes: ArrayBuffer): void {
    this.#hash.update(new Uint8Array(bytes));
  }

  /** Lower-case hex; ends the hash. */
  finish(): string {
    return hex(this.#hash.digest());
  }
}

export function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
