// Edits that leave a header readable: what they break is found by the plan, the tokenizer, the template or the engine.
import type { Field, Span } from './fields.ts';
import type { Edit, Patch, Random, Subject } from './mutate.ts';
import {
  counted,
  EDGES,
  FLOATS,
  littleEndian,
  METADATA_COUNT,
  moveEntry,
  numberOf,
  pick,
  replaced,
  replacedText,
  TENSOR_COUNT,
  WORDS,
} from './mutate.ts';
import { templateOf } from './templates.ts';

const TOKEN_TYPES = 'tokenizer.ggml.token_type';
const TEMPLATE = 'tokenizer.chat_template';
/** Every id of a type that some writer uses, and two that none does. */
const TENSOR_TYPES = [...Array(31).keys(), 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 142, 143];

/** The likelier ones more than once. */
export const DEEP_EDITS: readonly Edit[] = [
  changeValue,
  changeValue,
  changeValue,
  changeValue,
  changeWord,
  changeWord,
  changeExtent,
  changeTensorType,
  moveEntry,
  dropEntry,
  borrowEntry,
  changeTemplate,
];

const fieldsOf = ({ layout }: Subject, kind: Field['kind']) =>
  layout.fields.filter((field) => field.kind === kind);

/** Another number of the same width in place of a value. */
function changeValue(subject: Subject, random: Random): readonly Patch[] {
  const field = pick(fieldsOf(subject, 'number'), random);
  const width = field.end - field.start;
  if (width === 1) return [replaced(field, [random(2)])];
  if (field.key === TOKEN_TYPES) return [replaced(field, littleEndian(BigInt(random(8)), width))];
  const found = numberOf(subject.header.subarray(field.start, field.end));
  if (width === 4 && random(3) === 0) return [replaced(field, floatBytes(random))];
  return [replaced(field, littleEndian(nearby(found, random), width))];
}

function floatBytes(random: Random): Uint8Array {
  const value = random(2) === 0 ? pick(FLOATS, random) : 10 ** (random(16) - 6) * (1 + random(9));
  return new Uint8Array(Float32Array.of(value).buffer);
}

function nearby(found: bigint, random: Random): bigint {
  switch (random(4)) {
    case 0:
      return found + BigInt(random(9) - 4);
    case 1:
      return (found * BigInt(1 + random(8))) / BigInt(1 + random(4));
    case 2:
      return BigInt(random(300));
    default:
      return pick(EDGES, random);
  }
}

/** A key, a name or a text that means something elsewhere. */
function changeWord(subject: Subject, random: Random): readonly Patch[] {
  const field = pick(fieldsOf(subject, random(3) === 0 ? 'name' : 'text'), random);
  return replacedText(subject.layout.fields, field, Buffer.from(pick(WORDS, random)));
}

function changeExtent(subject: Subject, random: Random): readonly Patch[] {
  const field = pick(fieldsOf(subject, 'extent'), random);
  const found = numberOf(subject.header.subarray(field.start, field.end));
  return [replaced(field, littleEndian(nearby(found, random), 8))];
}

/** The type stands twelve bytes before the end of a tensor's entry. */
function changeTensorType({ layout }: Subject, random: Random): readonly Patch[] {
  const { end } = pick(layout.tensors, random);
  const type = BigInt(pick(TENSOR_TYPES, random));
  return [replaced({ start: end - 12, end: end - 8 }, littleEndian(type, 4))];
}

function dropEntry(subject: Subject, random: Random): readonly Patch[] {
  const tensors = random(2) === 0;
  const { layout } = subject;
  const entry = pick(tensors ? layout.tensors : layout.metadata, random);
  return [replaced(entry, []), counted(subject, tensors ? TENSOR_COUNT : METADATA_COUNT, -1)];
}

/** Metadata of another file that this one has not. */
function borrowEntry(
  subject: Subject,
  random: Random,
  others: readonly Subject[],
): readonly Patch[] {
  const other = pick(others, random);
  const own = new Set(subject.layout.metadata.map((span) => keyOf(subject, span)));
  const foreign = other.layout.metadata.filter((span) => !own.has(keyOf(other, span)));
  if (foreign.length === 0) return moveEntry(subject, random);
  const { start, end } = pick(foreign, random);
  return inserted(subject, other.header.subarray(start, end));
}

function keyOf({ header }: Subject, { start }: Span): string {
  const length = Number(numberOf(header.subarray(start, start + 8)));
  return Buffer.from(header.subarray(start + 8, start + 8 + length)).toString();
}

function changeTemplate(subject: Subject, random: Random): readonly Patch[] {
  const bytes = Buffer.from(templateOf(random));
  const { fields } = subject.layout;
  const field = fields.find(({ kind, key }) => kind === 'text' && key === TEMPLATE);
  if (field) return replacedText(fields, field, bytes);
  const key = Buffer.from(TEMPLATE);
  const length = (part: Buffer) => littleEndian(BigInt(part.length), 8);
  return inserted(
    subject,
    Uint8Array.from([...length(key), ...key, ...[8, 0, 0, 0], ...length(bytes), ...bytes]),
  );
}

/** One metadata entry more, after the last. */
function inserted(subject: Subject, bytes: Uint8Array): readonly Patch[] {
  const { end } = subject.layout.metadata.at(-1)!;
  return [{ start: end, end, bytes }, counted(subject, METADATA_COUNT, 1)];
}
