/** A piece of text on its way to ids: symbols in a row, each an id and the bytes it covers. */
export class Word {
  readonly bytes: Uint8Array;
  /** Id of the symbol that starts here; -1 where none does or the vocabulary lacks it. */
  readonly ids: Int32Array;
  /** End of the symbol that starts here; 0 where none does. */
  readonly ends: Int32Array;
  readonly #starts: Int32Array;

  /** No symbols yet; `ids` and `ends` are to be filled at the start of each. */
  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.ids = new Int32Array(bytes.length).fill(-1);
    this.ends = new Int32Array(bytes.length);
    this.#starts = new Int32Array(bytes.length + 1);
  }

  /** Where the symbol before the one that starts at `at` starts; -1 before the first. */
  before(at: number): number {
    return at === 0 ? -1 : this.#starts[at]!;
  }

  /** Adds or replaces the symbol from `start` to `end`. */
  set(start: number, end: number, id: number): void {
    this.ids[start] = id;
    this.ends[start] = end;
    this.#starts[end] = start;
  }

  /** Takes the symbol that starts at `at` out of the row. */
  remove(at: number): void {
    this.ids[at] = -1;
    this.ends[at] = 0;
  }
}

/** What a vocabulary can join, by number. */
export interface Merges {
  /** The merge of two neighbouring symbols, by where they start; -1 where there is none. */
  find(word: Word, left: number, right: number): number;
  /** Merges of lower rank come first; below 2^21. */
  rank(merge: number): number;
  /** Id of what the merge makes. */
  result(merge: number): number;
}

/** Joins neighbours by rank, equal ranks from the left, until no merge is left. */
export function mergeAll(word: Word, merges: Merges): void {
  const span = word.bytes.length;
  const queue = new Heap();
  const offer = (left: number) => {
    const right = left < 0 ? span : word.ends[left]!;
    if (right >= span) return;
    const merge = merges.find(word, left, right);
    // Rank and place in one number: exact below 2^53, and ordered as wanted.
    if (merge >= 0) queue.push(merges.rank(merge) * span + left);
  };
  for (let at = 0; at < span; at = word.ends[at]!) offer(at);
  for (let key = queue.pop(); key !== undefined; key = queue.pop()) {
    const left = key % span;
    const right = word.ends[left]!;
    if (right === 0 || right >= span) continue;
    const merge = merges.find(word, left, right);
    // Offers made before a neighbour changed are stale.
    if (merge < 0 || merges.rank(merge) * span + left !== key) continue;
    const end = word.ends[right]!;
    word.remove(right);
    word.set(left, end, merges.result(merge));
    offer(left);
    offer(word.before(left));
  }
}

/** A binary heap of numbers, the least first. */
class Heap {
  readonly #items: number[] = [];

  push(item: number): void {
    const items = this.#items;
    let at = items.length;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (items[parent]! <= item) break;
      items[at] = items[parent]!;
      at = parent;
    }
    items[at] = item;
  }

  pop(): number | undefined {
    const items = this.#items;
    const min = items[0];
    const last = items.pop();
    if (items.length > 0) this.#sink(last!);
    return min;
  }

  /** Puts `item` in place of the least. */
  #sink(item: number): void {
    const items = this.#items;
    let at = 0;
    for (let child = 1; child < items.length; child = 2 * at + 1) {
      if (child + 1 < items.length && items[child + 1]! < items[child]!) child++;
      if (items[child]! >= item) break;
      items[at] = items[child]!;
      at = child;
    }
    items[at] = item;
  }
}
