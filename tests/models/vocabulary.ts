import { byteCharacters } from '../../packages/core/src/tokenizer/byte-map.ts';

const LETTERS = [...'abcdefghijklmnopqrstuvwxyz'];

/**
 * A byte-level BPE vocabulary of `size` entries: the 256 bytes, then merged runs of two, three and four small letters.
 * Every entry after the bytes has its merge, in order.
 */
export function vocabulary(size: number): { tokens: string[]; merges: string[] } {
  const merges: string[] = [];
  for (const [left, right] of pairs()) {
    if (merges.length === size - 256) break;
    merges.push(`${left} ${right}`);
  }
  if (merges.length < size - 256) throw new RangeError(`no vocabulary of ${size} entries`);
  return {
    tokens: [...byteCharacters(), ...merges.map((merge) => merge.replace(' ', ''))],
    merges,
  };
}

function* pairs(): Generator<[string, string]> {
  const twos = LETTERS.flatMap((a) => LETTERS.map((b): [string, string] => [a, b]));
  yield* twos;
  for (const [a, b] of twos) for (const c of LETTERS) yield [a + b, c];
  for (const [a, b] of twos) for (const [c, d] of twos) yield [a + b, c + d];
}
