import { gzipSync } from 'node:zlib';
import { decode } from '@webassemblyjs/wasm-parser';
import wasmparser from 'wasmparser';

const { BinaryReader, OperatorCodeNames } = wasmparser;

/** The state in which wasmparser has just read one instruction of a function body. */
const codeOperator = 30;

/**
 * What a module asks of its host and gives to it. The code and data sections are skipped: this parser knows neither
 * SIMD instructions nor passive data segments.
 * @param {Buffer} bytes
 * @returns {{imports: string[], exports: string[], maxMemory: number | null, producers: string[]}}
 *   maxMemory in pages of 64 KiB; null lets it grow to wasm32's 4 GiB
 */
export function readInterface(bytes) {
  const module = decode(bytes, { ignoreCodeSection: true, ignoreDataSection: true }).body[0];
  const ofType = (type) => module.fields.filter((field) => field.type === type);
  const [memory] = ofType('Memory');
  return {
    imports: ofType('ModuleImport').map(describeImport).sort(),
    exports: ofType('ModuleExport').map(describeExport).sort(),
    maxMemory: memory?.limits.max ?? null,
    producers: readProducers(module),
  };
}

/** wasm-bindgen ends an import's name with a hash of the crate; it says nothing about the interface. */
function withoutHash(name) {
  return name.replace(/_[0-9a-f]{16}$/, '');
}

function describeImport({ module, name, descr }) {
  return `${descr.type === 'FuncImportDescr' ? 'func' : descr.type} ${module} ${withoutHash(name)}`;
}

function describeExport({ name, descr }) {
  return `${descr.exportType.toLowerCase()} ${name}`;
}

/**
 * The tools that made the module: "wasm-bindgen 0.2.129", and rustc without its version, which is the building
 * machine's. The source language has no version and is left out: Debian's standard library does not record it.
 */
function readProducers(module) {
  const entries = (module.metadata?.producers ?? []).flatMap(({ producers }) => producers.flat());
  const tools = entries.filter(({ version }) => version);
  return tools.map(({ name, version }) => (name === 'rustc' ? name : `${name} ${version}`)).sort();
}

/** Bytes of a custom section by its name, or null. */
export function customSection(bytes, wanted) {
  const cursor = { bytes, at: 8 };
  while (cursor.at < bytes.length) {
    const id = bytes[cursor.at++];
    const size = leb(cursor);
    const end = cursor.at + size;
    if (id === 0 && text(cursor) === wanted) return bytes.subarray(cursor.at, end);
    cursor.at = end;
  }
  return null;
}

function leb(cursor) {
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = cursor.bytes[cursor.at++];
    value |= (byte & 127) << shift;
    if (byte < 128) return value >>> 0;
  }
}

function text(cursor) {
  const length = leb(cursor);
  cursor.at += length;
  return cursor.bytes.toString('utf8', cursor.at - length, cursor.at);
}

/**
 * The features the compiler recorded. Read by hand: `WebAssembly.Module.customSections` needs a compiled module, and
 * Node 20 refuses to compile relaxed SIMD.
 * @returns {string[] | null} such as `+simd128`; null without the section
 */
export function targetFeatures(bytes) {
  const section = customSection(bytes, 'target_features');
  if (!section) return null;
  const cursor = { bytes: section, at: 0 };
  const features = [];
  for (let left = leb(cursor); left > 0; left--) {
    const prefix = String.fromCharCode(section[cursor.at++]);
    features.push(prefix + text(cursor));
  }
  return features.sort();
}

/** How often each instruction occurs, by its name in the specification's text format. */
export function countOpcodes(bytes) {
  const reader = new BinaryReader();
  const copy = Uint8Array.from(bytes);
  reader.setData(copy.buffer, 0, copy.length);
  const counts = new Map();
  while (reader.read()) {
    if (reader.state !== codeOperator) continue;
    const name = OperatorCodeNames[reader.result.code];
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  if (reader.error) throw reader.error;
  return counts;
}

/** Size as a web server sends it, in bytes. */
export function gzipSize(bytes) {
  return gzipSync(bytes, { level: 9 }).length;
}
