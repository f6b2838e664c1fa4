import { SourceError } from './http.ts';

/** Bytes that tell whether a file is a model. */
export const MAGIC_BYTES = 4;

/** The error for a file whose first bytes are no model's; null for one of a model. */
export function notModel(address: string, start: Uint8Array): SourceError | null {
  const found = String.fromCharCode(...start.subarray(0, MAGIC_BYTES));
  if (found === 'GGUF') return null;
  return new SourceError(
    'bad-model',
    `${address} is not a GGUF model: it starts with ${JSON.stringify(found)}, expected "GGUF". Choose a .gguf file.`,
    { permanent: true },
  );
}
