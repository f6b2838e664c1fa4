/** A wasm module's memory section, and the flag of one that has a most. */
const MEMORY = 5;
const BOUNDED = 1;
const HEADER_BYTES = 8;

/** How many pages of 64 KiB a module's memory has at its start, and the module with a memory that grows to `max`. */
export function limited(module: Uint8Array, max: number): Uint8Array {
  const { start, end, pages } = memorySection(module);
  const content = [1, BOUNDED, ...leb(pages), ...leb(Math.max(pages, max))];
  return Uint8Array.from([
    ...module.subarray(0, start),
    ...[MEMORY, ...leb(content.length), ...content],
    ...module.subarray(end),
  ]);
}

/** Pages of a module's memory at its start. */
export const pagesOf = (module: Uint8Array): number => memorySection(module).pages;

function memorySection(module: Uint8Array): { start: number; end: number; pages: number } {
  for (let start = HEADER_BYTES; start < module.length; ) {
    const [size, body] = unsigned(module, start + 1);
    // One memory: its count, its flag, its pages.
    if (module[start] === MEMORY)
      return { start, end: body + size, pages: unsigned(module, body + 2)[0] };
    start = body + size;
  }
  throw new Error('a module without a memory');
}

function unsigned(bytes: Uint8Array, from: number): [value: number, end: number] {
  for (let at = from, value = 0, shift = 0; ; at++, shift += 7) {
    value |= (bytes[at]! & 127) << shift;
    if (bytes[at]! < 128) return [value, at + 1];
  }
}

function leb(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...leb(value >>> 7)];
}
