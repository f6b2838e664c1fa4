import { Tokenizer as HubTokenizer } from '@huggingface/tokenizers';
import { badModel, PocketbitError } from '../errors.ts';
import { encodeUtf8 } from '../text.ts';
import { byteCharacters } from './byte-map.ts';
import type { Vocabulary } from './vocabulary.ts';

/** Ids of a plain text, which has no special tokens in it. */
export type EncodePlain = (text: string) => number[];

/**
 * Byte-level BPE over a GGUF vocabulary. @huggingface/tokenizers does the cutting and merging, from a
 * tokenizer.json made of the metadata. Special tokens are kept out of it: it would split text at them
 * always, and plain text must never give a control token.
 */
export function bytePairEncoder(vocabulary: Vocabulary): EncodePlain {
  const vocab = textEntries(vocabulary);
  const unknown = vocabulary.specials.unknown;
  const unknownEntry = unknown === undefined ? null : vocabulary.entries.at(unknown);
  if (unknownEntry !== null) vocab[unknownEntry] = unknown!;
  const missing = unknownEntry === null ? missingBytes(vocab) : new Set<number>();
  const model = {
    type: 'BPE',
    vocab,
    merges: mergePairs(vocabulary),
    unk_token: unknownEntry,
    ignore_merges: vocabulary.preTokenizer.ignoreMerges,
  };
  const hub = build(vocabulary, model);
  // The library has copied both into maps of its own: 280,147 merges would stay twice.
  model.vocab = {};
  model.merges.length = 0;
  return (text) => {
    if (missing.size > 0) refuseMissing(text, missing);
    return hub.encode(text, { add_special_tokens: false }).ids;
  };
}

function build(vocabulary: Vocabulary, model: object): HubTokenizer {
  const splits = vocabulary.preTokenizer.patterns.map((Regex) => ({
    type: 'Split',
    pattern: { Regex },
    behavior: 'Isolated',
    invert: false,
  }));
  const byteLevel = { type: 'ByteLevel', add_prefix_space: false, use_regex: false };
  const json = {
    version: '1.0',
    added_tokens: [],
    normalizer: null,
    pre_tokenizer: { type: 'Sequence', pretokenizers: [...splits, byteLevel] },
    post_processor: null,
    decoder: null,
    model,
  };
  try {
    return new HubTokenizer(json, {});
  } catch (cause) {
    throw new PocketbitError('bad-model', `the tokenizer cannot be built: ${cause}`, { cause });
  }
}

function textEntries(vocabulary: Vocabulary): Record<string, number> {
  // Without a prototype, so that an entry "__proto__" is an entry.
  const vocab: Record<string, number> = Object.create(null);
  let id = 0;
  for (const entry of vocabulary.entries) {
    if (vocabulary.kind(id) === 'text') vocab[entry] = id;
    id++;
  }
  return vocab;
}

function mergePairs(vocabulary: Vocabulary): [string, string][] {
  const pairs: [string, string][] = [];
  for (const merge of vocabulary.merges ?? []) {
    const space = merge.indexOf(' ', 1);
    if (space < 0 || space === merge.length - 1 || merge.includes(' ', space + 1)) {
      throw badModel(
        `merge ${pairs.length} is ${JSON.stringify(merge.slice(0, 80))}; ` +
          'expected two parts with a space between',
      );
    }
    pairs.push([merge.slice(0, space), merge.slice(space + 1)]);
  }
  return pairs;
}

/** Bytes without an entry of their own: the library would drop them from a text in silence. */
function missingBytes(vocab: Record<string, number>): Set<number> {
  const missing = new Set<number>();
  byteCharacters().forEach((character, byte) => {
    if (!(character in vocab)) missing.add(byte);
  });
  return missing;
}

function refuseMissing(text: string, missing: ReadonlySet<number>): void {
  for (const character of text) {
    if (!encodeUtf8(character).some((byte) => missing.has(byte))) continue;
    throw badModel(
      `the model's vocabulary has no token for ${JSON.stringify(character)}; leave it out of the text`,
    );
  }
}
