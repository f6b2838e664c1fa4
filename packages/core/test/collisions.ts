// Words that one hash table cannot tell apart: of FNV-1a, whose steps can be taken back.

const OFFSET = 0x811c9dc5;
const PRIME = 0x01000193;
/** PRIME · INVERSE = 1 modulo 2^32. */
const INVERSE = 0x359c449b;
const TARGET = 0x1234_5678;
const FIRST = 0x21;
const LAST = 0x7e;

const step = (hash: number, byte: number) => Math.imul(hash ^ byte, PRIME);
const back = (hash: number, byte: number) => Math.imul(hash, INVERSE) ^ byte;

/** `count` printable words with the same hash: what stands before TARGET meets what follows the offset. */
export function collidingWords(count: number): string[] {
  const tails = new Map<number, string>();
  for (const tail of triples()) {
    const hash = [...tail].reduceRight((h, c) => back(h, c.charCodeAt(0)), TARGET);
    tails.set(hash >>> 0, tail);
  }
  const words: string[] = [];
  for (const head of triples()) {
    const hash = [...head].reduce((h, c) => step(h, c.charCodeAt(0)), OFFSET);
    for (let last = FIRST; last <= LAST; last++) {
      const tail = tails.get(step(hash, last) >>> 0);
      if (tail !== undefined) words.push(head + String.fromCharCode(last) + tail);
    }
    if (words.length >= count) break;
  }
  return words;
}

function* triples(): Generator<string> {
  for (let a = FIRST; a <= LAST; a++) {
    for (let b = FIRST; b <= LAST; b++) {
      for (let c = FIRST; c <= LAST; c++) yield String.fromCharCode(a, b, c);
    }
  }
}
