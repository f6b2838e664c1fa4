// Edits of valid headers that know what they edit.
import { joined } from '../../src/source.ts';
import { DEEP_EDITS } from './deep-edits.ts';
import { type Field, type Layout, layoutOf, type Span } from './fields.ts';
import type { Original } from './originals.ts';

/** A random whole number from 0 to one less. */
export type Random = (below: number) => number;

/** An original and what its edits need, found once. */
export interface Subject extends Original {
  readonly layout: Layout;
}

export function subjectOf(original: Original): Subject {
  return { ...original, layout: layoutOf(original.header) };
}

/** Numbers at which readers go wrong. */
export const EDGES: readonly bigint[] = [
  0n,
  1n,
  2n,
  3n,
  4n,
  7n,
  8n,
  9n,
  12n,
  13n,
  16n,
  31n,
  32n,
  33n,
  36n,
  38n,
  39n,
  41n,
  42n,
  64n,
  65n,
  127n,
  128n,
  142n,
  255n,
  256n,
  512n,
  1024n,
  1025n,
  4096n,
  4097n,
  16_384n,
  16_385n,
  65_535n,
  65_536n,
  65_537n,
  2n ** 20n,
  2n ** 20n + 1n,
  2n ** 24n,
  2n ** 31n - 1n,
  2n ** 31n,
  2n ** 32n - 1n,
  2n ** 32n,
  2n ** 32n + 1n,
  2n ** 40n,
  2n ** 53n - 1n,
  2n ** 53n,
  2n ** 53n + 1n,
  2n ** 63n - 1n,
  2n ** 63n,
  2n ** 64n - 1n,
];

export const FLOATS = [
  0,
  -0,
  1,
  -1,
  0.5,
  1e-45,
  1e30,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
];

/** Texts that mean something to some reader. */
export const WORDS = [
  'general.architecture',
  'general.alignment',
  'bitnet.block_count',
  'llama.attention.head_count',
  'llama.attention.key_length',
  'qwen3.rope.dimension_count',
  'tokenizer.ggml.tokens',
  'tokenizer.ggml.merges',
  'tokenizer.ggml.eot_token_id',
  'tokenizer.huggingface.json',
  'tokenizer.chat_template',
  'prism.hadamard.size',
  'split.count',
  '__proto__',
  'constructor',
  'bitnet',
  'llama',
  'minicpm',
  'mamba',
  'gpt2',
  'linear',
  'longrope',
  'default',
  'falcon_e',
  'blk.0.attn_q.weight',
  'blk.0.attn_q.scale',
  'blk.1.attn_q.weight',
  'output.weight',
  '<0x41>',
  '<0x68>',
  '<|im_end|>',
  '▁',
  ' ',
  '',
  'a b c',
  '{% for i in range(9999) %}{% for j in range(9999) %}{{ messages }}{% endfor %}{% endfor %}',
  '{{ messages | tojson(indent=100000000) }}',
  '{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}',
  '{{ raise_exception(messages) }}',
  '\u202e\u0000\ufdd0',
];
const INVALID_UTF8 = [[0xff], [0xc3], [0xc3, 0x28], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80]];

/** Bytes in place of others. */
export interface Patch extends Span {
  readonly bytes: ArrayLike<number>;
  /** Where it is a count: by how much, so that several such patches add up. */
  readonly change?: number;
}

export type Edit = (
  subject: Subject,
  random: Random,
  others: readonly Subject[],
) => readonly Patch[];

export const pick = <T>(among: readonly T[], random: Random): T => among[random(among.length)]!;
export const replaced = ({ start, end }: Span, bytes: ArrayLike<number>): Patch => ({
  start,
  end,
  bytes,
});

/** Edits, the likelier ones more than once. */
const EDITS: readonly Edit[] = [
  changeField,
  changeField,
  changeField,
  changeField,
  (subject, random) => [flipBit(subject.header, random(subject.header.length), random)],
  (subject, random) => [flipBit(subject.header, random(subject.header.length), random)],
  dropEntry,
  repeatEntry,
  moveEntry,
  spliceEntry,
  ({ header }, random) => [{ start: random(header.length), end: header.length, bytes: [] }],
  ({ header }, random) => {
    const start = random(header.length);
    return [
      {
        start,
        end: Math.min(header.length, start + random(24)),
        bytes: randomBytes(random(24), random),
      },
    ];
  },
];

/**
 * A header with one to four edits, in two of three cases such as leave it readable; the same random numbers give the
 * same header.
 */
export function mutated(subject: Subject, random: Random, others: readonly Subject[]): Uint8Array {
  const edits = random(3) === 0 ? EDITS : DEEP_EDITS;
  const patches: Patch[] = [];
  for (let left = 1 + random(random(4) + 1); left > 0; left--) {
    patches.push(...pick(edits, random)(subject, random, others));
  }
  return patched(subject, patches);
}

/** From the first patch on; of those that overlap the first counts. */
function patched(subject: Subject, given: readonly Patch[]): Uint8Array {
  const { header } = subject;
  const patches = [
    ...given.filter(({ change }) => change === undefined),
    ...counts(subject, given),
  ];
  patches.sort((a, b) => a.start - b.start);
  const parts: Uint8Array[] = [];
  let at = 0;
  for (const { start, end, bytes } of patches) {
    if (start < at) continue;
    parts.push(header.subarray(at, start), Uint8Array.from(bytes));
    at = end;
  }
  parts.push(header.subarray(at));
  return joined(parts);
}

function counts(subject: Subject, patches: readonly Patch[]): Patch[] {
  return [TENSOR_COUNT, METADATA_COUNT].flatMap((place) => {
    const changes = patches.filter(({ start, change }) => start === place.start && change);
    const change = changes.reduce((sum, patch) => sum + patch.change!, 0);
    return changes.length === 0 ? [] : [counted(subject, place, change)];
  });
}

function flipBit(header: Uint8Array, at: number, random: Random): Patch {
  return { start: at, end: at + 1, bytes: [header[at]! ^ (1 << random(8))] };
}

function changeField({ header, layout }: Subject, random: Random): readonly Patch[] {
  const field = pick(layout.fields, random);
  const width = field.end - field.start;
  switch (field.kind) {
    case 'text':
    case 'name':
      return changeText(layout.fields, field, random);
    case 'magic':
      return [replaced(field, randomBytes(4, random))];
    default:
      return [
        replaced(field, changeNumber(header.subarray(field.start, field.end), width, random)),
      ];
  }
}

/** A text of another length, with its length right or, now and then, left as it was. */
function changeText(fields: readonly Field[], field: Field, random: Random): readonly Patch[] {
  const bytes =
    random(4) === 0 ? pick(INVALID_UTF8, random) : Buffer.from(pick(WORDS, random), 'utf8');
  return random(8) === 0 ? [replaced(field, bytes)] : replacedText(fields, field, bytes);
}

/** A text of another length, which is written before it. */
export function replacedText(
  fields: readonly Field[],
  field: Field,
  bytes: ArrayLike<number>,
): readonly Patch[] {
  const length = fields.find(({ kind, end }) => kind === 'length' && end === field.start)!;
  return [replaced(length, littleEndian(BigInt(bytes.length), 8)), replaced(field, bytes)];
}

function changeNumber(found: Uint8Array, width: number, random: Random): ArrayLike<number> {
  switch (random(5)) {
    case 0:
      return randomBytes(width, random);
    case 1:
      return littleEndian(numberOf(found) + BigInt(random(5) - 2), width);
    case 2:
      return width === 4
        ? new Uint8Array(Float32Array.of(pick(FLOATS, random)).buffer)
        : littleEndian(numberOf(found) * BigInt(random(4)), width);
    default:
      return littleEndian(pick(EDGES, random), width);
  }
}

function dropEntry(subject: Subject, random: Random): readonly Patch[] {
  const { list, count } = lists(subject, random);
  return [replaced(pick(list, random), []), ...mostlyCounted(subject, count, -1, random)];
}

function repeatEntry(subject: Subject, random: Random): readonly Patch[] {
  const { list, count } = lists(subject, random);
  const { start, end } = pick(list, random);
  const copy = subject.header.subarray(start, end);
  return [{ start: end, end, bytes: copy }, ...mostlyCounted(subject, count, 1, random)];
}

export function moveEntry(subject: Subject, random: Random): readonly Patch[] {
  const { list } = lists(subject, random);
  const [a, b] = [pick(list, random), pick(list, random)];
  const { header } = subject;
  return [
    replaced(a, header.subarray(b.start, b.end)),
    replaced(b, header.subarray(a.start, a.end)),
  ];
}

/** An entry of another file in place of one, or beside it. */
function spliceEntry(
  subject: Subject,
  random: Random,
  others: readonly Subject[],
): readonly Patch[] {
  const other = pick(others, random);
  const { list, count } = lists(subject, random);
  const from = pick(
    list === subject.layout.tensors ? other.layout.tensors : other.layout.metadata,
    random,
  );
  const bytes = other.header.subarray(from.start, from.end);
  const place = pick(list, random);
  if (random(2) === 0) return [replaced(place, bytes)];
  return [{ start: place.end, end: place.end, bytes }, ...mostlyCounted(subject, count, 1, random)];
}

export const TENSOR_COUNT: Span = { start: 8, end: 16 };
export const METADATA_COUNT: Span = { start: 16, end: 24 };

function lists({ layout }: Subject, random: Random): { list: readonly Span[]; count: Span } {
  return random(2) === 0
    ? { list: layout.tensors, count: TENSOR_COUNT }
    : { list: layout.metadata, count: METADATA_COUNT };
}

/** The count of a list made right, or, now and then, left as it was. */
function mostlyCounted(
  subject: Subject,
  place: Span,
  change: number,
  random: Random,
): readonly Patch[] {
  return random(6) === 0 ? [] : [counted(subject, place, change)];
}

/** The count of a list made right. */
export function counted({ header }: Subject, place: Span, change: number): Patch {
  const value = numberOf(header.subarray(place.start, place.end)) + BigInt(change);
  return { ...replaced(place, littleEndian(value, 8)), change };
}

export function numberOf(bytes: Uint8Array): bigint {
  return bytes.reduceRight((value, byte) => value * 256n + BigInt(byte), 0n);
}

export function littleEndian(value: bigint, width: number): number[] {
  const wrapped = BigInt.asUintN(8 * width, value);
  return Array.from({ length: width }, (_, i) => Number((wrapped >> BigInt(8 * i)) & 255n));
}

function randomBytes(length: number, random: Random): number[] {
  return Array.from({ length }, () => random(256));
}
