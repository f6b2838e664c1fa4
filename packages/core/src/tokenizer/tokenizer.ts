import { badModel, PocketbitError, unsupported } from '../errors.ts';
import type { GgufHeader } from '../gguf/header.ts';
import { Metadata } from '../plan/metadata.ts';
import { joined } from '../source.ts';
import { decodeUtf8, type Span, utf8Stream } from '../text.ts';
import { byteLevelCodec } from './byte-level.ts';
import type { Codec } from './codec.ts';
import { preTokenizerOf } from './pre-tokenizers.ts';
import { sentencePieceCodec } from './sentencepiece.ts';
import type { SpecialIds } from './special-ids.ts';
import { type Allowed, SpecialTokens } from './specials.ts';
import { type TokenKind, TURN_ENDS, type Vocabulary, vocabularyOf } from './vocabulary.ts';

/** How text becomes ids. */
export interface EncodeOptions {
  /** Whether the file's BOS and EOS rules apply; true by default. */
  readonly addSpecial?: boolean | undefined;
  /** Whether control tokens written out in the text become their ids; false by default. */
  readonly parseSpecial?: boolean | undefined;
}

/** Turns ids into text as they come. */
export interface StreamDecoder {
  /** The characters that this id completes; the bytes of an unfinished one wait. */
  push(id: number): string;
  /** What is left: U+FFFD where a character was never finished. */
  flush(): string;
}

/** The tokenizer of a GGUF file. Throws `unsupported` for a kind not run, `bad-model` for a broken one. */
export function createTokenizer(header: GgufHeader): Tokenizer {
  const metadata = new Metadata(header.metadata);
  const model = metadata.text('tokenizer.ggml.model');
  if (model === undefined) {
    throw badModel('the metadata lacks "tokenizer.ggml.model": the file has no tokenizer');
  }
  if (model !== 'gpt2' && model !== 'llama') {
    const name = JSON.stringify(model.slice(0, 80));
    throw unsupported(
      `the tokenizer ${name} is not run; expected "gpt2", byte-level BPE, or "llama", SentencePiece BPE`,
    );
  }
  const vocabulary = vocabularyOf(header);
  const addBos = flagOf(metadata, 'bos');
  const addEos = flagOf(metadata, 'eos') ?? false;
  if (model === 'llama') {
    const codec = sentencePieceOf(metadata, vocabulary);
    return new Tokenizer(vocabulary, codec, { addBos: addBos ?? true, addEos });
  }
  const pre = metadata.text('tokenizer.ggml.pre');
  const preTokenizer = preTokenizerOf(pre, vocabulary.entries.length);
  const merges = metadata.strings('tokenizer.ggml.merges');
  const codec = byteLevelCodec(vocabulary, merges, preTokenizer);
  return new Tokenizer(vocabulary, codec, { addBos: addBos ?? preTokenizer.addBos, addEos });
}

/** Whether texts get the token, where the file says; it must name the token then. */
function flagOf(metadata: Metadata, name: 'bos' | 'eos'): boolean | undefined {
  const flag = metadata.flag(`tokenizer.ggml.add_${name}_token`);
  if (!flag || metadata.has(`tokenizer.ggml.${name}_token_id`)) return flag;
  throw badModel(
    `"tokenizer.ggml.add_${name}_token" is true, and "tokenizer.ggml.${name}_token_id" is absent`,
  );
}

function sentencePieceOf(metadata: Metadata, vocabulary: Vocabulary): Codec {
  const scores = metadata.floats('tokenizer.ggml.scores');
  const { length } = vocabulary.entries;
  if (scores?.length !== length || !scores.every(Number.isFinite)) {
    const found = scores === undefined ? 'none' : `${scores.length}`;
    throw badModel(
      `a SentencePiece vocabulary of ${length} entries needs as many finite "tokenizer.ggml.scores"; found ${found}`,
    );
  }
  return sentencePieceCodec(vocabulary, scores, {
    prefix: metadata.flag('tokenizer.ggml.add_space_prefix') ?? true,
    removeExtra: metadata.flag('tokenizer.ggml.remove_extra_whitespaces') ?? false,
  });
}

/** Text to ids and back, as the file's metadata defines it. */
export class Tokenizer {
  /** Ids run from 0 to one less. */
  readonly vocabSize: number;
  readonly specials: SpecialIds;
  /** Ids that end an answer. */
  readonly stopIds: ReadonlySet<number>;
  /** Whether a text begins with BOS. */
  readonly addBos: boolean;
  readonly #vocabulary: Vocabulary;
  readonly #codec: Codec;
  readonly #addEos: boolean;
  readonly #literals: SpecialTokens;
  readonly #allSpecials: SpecialTokens;
  readonly #controls: SpecialTokens;

  constructor(vocabulary: Vocabulary, codec: Codec, rules: { addBos: boolean; addEos: boolean }) {
    this.#vocabulary = vocabulary;
    this.#codec = codec;
    this.vocabSize = vocabulary.size;
    this.specials = vocabulary.specials;
    this.addBos = rules.addBos && vocabulary.specials.bos !== undefined;
    this.#addEos = rules.addEos;
    const literals = entriesOf(vocabulary, 'literal');
    const controls = entriesOf(vocabulary, 'control');
    this.#literals = new SpecialTokens(literals);
    this.#controls = new SpecialTokens(controls);
    this.#allSpecials = new SpecialTokens([...literals, ...controls]);
    this.stopIds = this.#findStops();
  }

  /** Ids of a text. */
  encode(text: string, options: EncodeOptions = {}): number[] {
    const { addSpecial = true, parseSpecial = false } = options;
    const specials = parseSpecial ? this.#allSpecials : this.#literals;
    return this.#encodePieces(specials.split(text), addSpecial);
  }

  /**
   * Ids of a prompt, in which people wrote what lies in `spans`. No control token has a unit of a span, nor has a
   * literal that is `reserved` or stands in the rest of the prompt too: those are the rest's way to structure it.
   */
  encodePrompt(
    text: string,
    spans: readonly Span[],
    reserved: (text: string) => boolean,
  ): number[] {
    const inside = overlap(spans);
    const outside: Allowed = (_, start, end) => !inside(start, end);
    let structure: Set<string | number> | undefined;
    const isStructure = (id: number): boolean => {
      if (this.#vocabulary.kind(id) === 'control') return true;
      const entry = this.tokenText(id);
      if (!isMarker(entry)) return false;
      structure ??= new Set(this.#allSpecials.split(text, outside));
      return structure.has(id) || reserved(entry);
    };
    const begins = (at: number) =>
      this.#allSpecials.beginsAt(
        text,
        at,
        (id, ...units) => outside(id, ...units) && isStructure(id),
      );
    const pieces = this.#allSpecials.split(text, (id, start, end) => {
      if (!inside(start, end)) return true;
      if (isStructure(id)) return false;
      for (let at = start + 1; at < end; at++) if (!inside(at, at + 1) && begins(at)) return false;
      return true;
    });
    return this.#encodePieces(pieces, false);
  }

  #encodePieces(pieces: (string | number)[], addSpecial: boolean): number[] {
    const { bos, eos } = this.specials;
    const ids: number[] = [];
    if (addSpecial && this.addBos && bos !== undefined) ids.push(bos);
    // A word after a control token begins a text as the first does.
    let first = true;
    pieces.forEach((piece, i) => {
      const found = this.#encodePiece(piece, { first, last: i === pieces.length - 1 });
      for (const id of found) ids.push(id);
      if (found.length === 0) return;
      first = typeof piece === 'number' && this.#vocabulary.kind(piece) === 'control';
    });
    if (addSpecial && this.#addEos && eos !== undefined) ids.push(eos);
    return ids;
  }

  #encodePiece(piece: string | number, at: { first: boolean; last: boolean }): readonly number[] {
    if (typeof piece === 'string') return this.#codec.encode(piece, at.first, at.last);
    const literal = this.#vocabulary.kind(piece) === 'literal';
    return literal && at.first ? [...this.#codec.prefix, piece] : [piece];
  }

  /**
   * Text of ids, the inverse of `encode`: control tokens have none, a space that `encode` put before
   * the first word goes, invalid UTF-8 becomes U+FFFD.
   */
  decode(ids: Iterable<number>): string {
    const text = decodeUtf8(joined(Array.from(ids, (id) => this.tokenBytes(id))));
    return this.#codec.prefix.length > 0 && text.startsWith(' ') ? text.slice(1) : text;
  }

  /** Bytes of a token's text; none for a control token. Throws RangeError outside the vocabulary. */
  tokenBytes(id: number): Uint8Array {
    this.#checkId(id);
    // Rows that pad the embedding have no entry, and so no text.
    return id < this.#vocabulary.entries.length ? this.#codec.bytes(id) : new Uint8Array(0);
  }

  /** The entry as the vocabulary writes it, for display. */
  tokenText(id: number): string {
    this.#checkId(id);
    return id < this.#vocabulary.entries.length ? this.#vocabulary.entries.at(id) : '';
  }

  /** A decoder for ids that continue a text, one by one; a leading space stays. */
  stream(): StreamDecoder {
    const decoder = utf8Stream();
    return {
      push: (id) => decoder.decode(this.tokenBytes(id), { stream: true }),
      flush: () => decoder.decode(),
    };
  }

  /** The id of a control token by its text. */
  controlId(text: string): number | undefined {
    return this.#controls.id(text);
  }

  /** The id of a control token, or of one that always splits text, by its text. */
  specialId(text: string): number | undefined {
    return this.#allSpecials.id(text);
  }

  #findStops(): Set<number> {
    const { eos, eot } = this.specials;
    const ids = [eos, eot, ...TURN_ENDS.map((text) => this.controlId(text))];
    return new Set(ids.filter((id) => id !== undefined));
  }

  #checkId(id: number): void {
    if (Number.isInteger(id) && id >= 0 && id < this.vocabSize) return;
    throw new PocketbitError(
      'unsupported',
      `Token id ${id} is outside the vocabulary; give whole numbers from 0 to ${this.vocabSize - 1}.`,
    );
  }
}

function entriesOf(vocabulary: Vocabulary, kind: TokenKind): [string, number][] {
  const found: [string, number][] = [];
  for (let id = 0; id < vocabulary.entries.length; id++) {
    if (vocabulary.kind(id) === kind) found.push([vocabulary.entries.at(id), id]);
  }
  return found;
}

/** Whether a literal can stand for more than text does: it is no word and no white space. */
function isMarker(entry: string): boolean {
  return /[^\p{L}\p{N}\s]/u.test(entry);
}

/** Whether units `start` to before `end` have one of a span; asked about places that mostly rise. */
function overlap(spans: readonly Span[]): (start: number, end: number) => boolean {
  let i = 0;
  return (start, end) => {
    while (i > 0 && spans[i - 1]![1] > start) i--;
    while (i < spans.length && spans[i]![1] <= start) i++;
    return i < spans.length && spans[i]![0] < end;
  };
}
