/**
 * Any value that IndexedDB can hold as JSON can say it, for a file that people and programs can read. What JSON has no
 * word for becomes an object with one field that begins with `$`; what was met before, also inside itself, its path.
 */
export function plain(value: unknown): string {
  const paths = new Map<object, string>();
  return JSON.stringify(sayable(value, '$', paths), null, 1);
}

function sayable(value: unknown, path: string, paths: Map<object, string>): unknown {
  if (typeof value === 'bigint') return { $bigint: String(value) };
  if (typeof value === 'number' && !Number.isFinite(value)) return { $number: String(value) };
  if (value === undefined) return { $undefined: true };
  if (typeof value !== 'object' || value === null) return value;
  const met = paths.get(value);
  if (met !== undefined) return { $same: met };
  paths.set(value, path);
  const inside = (part: unknown, name: string | number) => sayable(part, `${path}.${name}`, paths);
  if (value instanceof Date) return { $date: value.getTime() };
  if (value instanceof Map) return { $map: [...value].map(inside) };
  if (value instanceof Set) return { $set: [...value].map(inside) };
  if (value instanceof Error || value instanceof RegExp) return { $text: String(value) };
  if (value instanceof ArrayBuffer) return { $bytes: [...new Uint8Array(value)] };
  if (ArrayBuffer.isView(value))
    return { [`$${value.constructor.name}`]: [...(value as Uint8Array)] };
  if (Array.isArray(value)) return Array.from(value, inside);
  return Object.fromEntries(
    Object.entries(value).map(([name, part]) => [name, inside(part, name)]),
  );
}
