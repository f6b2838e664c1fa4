import type { GgufHeader } from '../gguf/header.ts';
import { decodeUtf8, encodeUtf8, utf8Stream } from '../text.ts';
import { bytePairEncoder, type EncodePlain } from './bpe.ts';
import { bytesOfEntry } from './byte-map.ts';
import { SpecialTokens } from './specials.ts';
import { type SpecialIds, type TokenKind, type Vocabulary, vocabularyOf } from './vocabulary.ts';

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

// Control tokens that end a turn, by text: several published files do not name theirs by id.
const TURN_ENDS = ['<|im_end|>', '<|eot_id|>', '<|endoftext|>', '<|end_of_text|>'];

/**
 * A noncharacter that `guardSpecials` puts inside a written-out control token, so that it stays text;
 * `encode` with `guarded` takes it out again.
 */
const GUARD = '\ufdd0';

/** The tokenizer of a GGUF file. Throws `unsupported` for a kind not run, `bad-model` for a broken one. */
export function createTokenizer(header: GgufHeader): Tokenizer {
  return new Tokenizer(vocabularyOf(header));
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
  readonly #encodePlain: EncodePlain;
  readonly #literals: SpecialTokens;
  readonly #allSpecials: SpecialTokens;
  readonly #controls: SpecialTokens;

  constructor(vocabulary: Vocabulary) {
    this.#vocabulary = vocabulary;
    this.vocabSize = vocabulary.size;
    this.specials = vocabulary.specials;
    this.addBos = vocabulary.addBos && vocabulary.specials.bos !== undefined;
    this.#encodePlain = bytePairEncoder(vocabulary);
    const literals = entriesOf(vocabulary, 'literal');
    const controls = entriesOf(vocabulary, 'control');
    this.#literals = new SpecialTokens(literals);
    this.#controls = new SpecialTokens(controls);
    this.#allSpecials = new SpecialTokens([...literals, ...controls]);
    this.stopIds = this.#findStops();
  }

  /** Ids of a text. */
  encode(text: string, options: EncodeOptions & { guarded?: boolean } = {}): number[] {
    const { addSpecial = true, parseSpecial = false, guarded = false } = options;
    const { bos, eos } = this.specials;
    const ids: number[] = [];
    if (addSpecial && this.addBos && bos !== undefined) ids.push(bos);
    for (const piece of (parseSpecial ? this.#allSpecials : this.#literals).split(text)) {
      if (typeof piece === 'number') ids.push(piece);
      else {
        const plain = guarded ? piece.replaceAll(GUARD, '') : piece;
        for (const id of this.#encodePlain(plain)) ids.push(id);
      }
    }
    if (addSpecial && this.#vocabulary.addEos && eos !== undefined) ids.push(eos);
    return ids;
  }

  /** Text of ids; control tokens have none, invalid UTF-8 becomes U+FFFD. */
  decode(ids: Iterable<number>): string {
    const parts = Array.from(ids, (id) => this.tokenBytes(id));
    const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
      bytes.set(part, at);
      at += part.length;
    }
    return decodeUtf8(bytes);
  }

  /** Bytes of a token's text; none for a control token. Throws RangeError outside the vocabulary. */
  tokenBytes(id: number): Uint8Array {
    this.#checkId(id);
    const { entries } = this.#vocabulary;
    // Rows that pad the embedding have no entry, and so no text.
    if (id >= entries.length || this.#vocabulary.kind(id) === 'control') return new Uint8Array(0);
    const entry = entries.at(id);
    if (this.#vocabulary.kind(id) === 'literal') return encodeUtf8(entry);
    return bytesOfEntry(entry) ?? encodeUtf8(entry);
  }

  /** The entry as the vocabulary writes it, for display. */
  tokenText(id: number): string {
    this.#checkId(id);
    return id < this.#vocabulary.entries.length ? this.#vocabulary.entries.at(id) : '';
  }

  /** A decoder for ids that come one by one. */
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

  /** The text changed so that `encode` with `guarded` finds no control token in it. */
  guardSpecials(text: string): string {
    const pieces = this.#controls.split(text.replaceAll(GUARD, ''));
    return pieces
      .map((piece) => (typeof piece === 'number' ? this.#guarded(piece) : piece))
      .join('');
  }

  #guarded(id: number): string {
    const text = this.tokenText(id);
    return text[0] + GUARD + text.slice(1);
  }

  #findStops(): Set<number> {
    const { eos, eot } = this.specials;
    const ids = [eos, eot, ...TURN_ENDS.map((text) => this.controlId(text))];
    return new Set(ids.filter((id) => id !== undefined));
  }

  #checkId(id: number): void {
    if (Number.isInteger(id) && id >= 0 && id < this.vocabSize) return;
    throw new RangeError(`token id ${id} is outside the vocabulary of ${this.vocabSize}`);
  }
}

function entriesOf(vocabulary: Vocabulary, kind: TokenKind): [string, number][] {
  const found: [string, number][] = [];
  for (let id = 0; id < vocabulary.entries.length; id++) {
    if (vocabulary.kind(id) === kind) found.push([vocabulary.entries.at(id), id]);
  }
  return found;
}
