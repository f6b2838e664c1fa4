import { PocketbitError } from '@pocketbit/core';
import type { WireError } from '../protocol.ts';

/** The error that a worker sent as data. */
export function errorOf(wire: WireError): PocketbitError {
  return new PocketbitError(wire.code, wire.message, wire);
}
