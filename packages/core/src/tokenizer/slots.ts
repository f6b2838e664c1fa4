/** Slots per entry of the hash table, at least: a probe then meets few others. */
const SLOTS_PER_ENTRY = 2;

/** Slots of a hash table of `count` entries: a power of two. */
export function slotsFor(count: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(1, count) * SLOTS_PER_ENTRY));
}
