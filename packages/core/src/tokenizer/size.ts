import type { GgufHeader } from '../gguf/header.ts';
import { Metadata } from '../plan/metadata.ts';
import { slotsFor } from './slots.ts';

const WORD_BYTES = 4;
/** Of a merge: its two parts and what it makes. */
const MERGE_BYTES = 3 * WORD_BYTES;

/**
 * Bytes that the tokenizer of a file keeps, from the lengths of its lists: the entries as written, the
 * table that finds them by their bytes, and the merges.
 */
export function tokenizerBytes(header: GgufHeader): number {
  const metadata = new Metadata(header.metadata);
  const entries = metadata.strings('tokenizer.ggml.tokens');
  if (!entries) return 0;
  const written = entries.byteLength + entries.length * WORD_BYTES;
  const kinds = entries.length;
  const table = written + slotsFor(entries.length) * WORD_BYTES;
  const bytePairs = metadata.text('tokenizer.ggml.model') === 'gpt2';
  const merges = bytePairs ? (metadata.strings('tokenizer.ggml.merges')?.length ?? 0) : 0;
  const mergeTable = merges * MERGE_BYTES + slotsFor(merges) * WORD_BYTES;
  const ranks = bytePairs ? 0 : entries.length * WORD_BYTES;
  return written + kinds + table + mergeTable + ranks;
}
