// A model whose every token is a long piece of text, so that it answers with 100,000 characters in its 512 tokens.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { modelCache } from '../support/paths.ts';
import { ggufParts, type RandomFile, randomFile, type Shape, TINY, writeParts } from './random.ts';

/** The byte tokens, and of every other one its piece. */
const BYTES = 256;
const PIECES = 768;
const SHAPE: Shape = { ...TINY, name: 'answering', vocab: BYTES + PIECES, context: 1024 };
/** Exponents of f16 that a byte's embedding loses: it is hardly ever the best. */
const FAINTER = 8;

/** Path of a model that answers with `piece(i)` for the piece `i`, at random; written on first use. */
export function answeringModel(name: string, piece: (i: number) => string): string {
  const path = join(modelCache, `answering-${name}.gguf`);
  if (!existsSync(path)) writeParts(path, ggufParts(answeringFile(piece)));
  return path;
}

function answeringFile(piece: (i: number) => string): RandomFile {
  const { metadata, tensors } = randomFile(SHAPE, 1);
  const { value: tokens } = metadata.get('tokenizer.ggml.tokens') as { value: readonly string[] };
  const own = Array.from({ length: PIECES }, (_, i) => encoded(piece(i), tokens));
  return {
    metadata: new Map(metadata)
      .set('tokenizer.ggml.tokens', { type: 'strings', value: [...tokens.slice(0, BYTES), ...own] })
      .set('tokenizer.ggml.merges', { type: 'strings', value: [] }),
    tensors: tensors.map((tensor) =>
      tensor.name === 'token_embd.weight'
        ? { ...tensor, parts: () => fainter(tensor.parts()) }
        : tensor,
    ),
  };
}

/** A text in the alphabet of a byte-level vocabulary, whose first entries are the bytes. */
function encoded(text: string, tokens: readonly string[]): string {
  return [...Buffer.from(text, 'utf8')].map((byte) => tokens[byte]!).join('');
}

/** The first rows, those of bytes, come near to zero. */
function* fainter(parts: Iterable<Uint8Array>): Generator<Uint8Array> {
  let left = BYTES * SHAPE.dim;
  for (const part of parts) {
    const values = new Uint16Array(part.slice().buffer);
    for (let i = 0; i < values.length && left > 0; i++, left--) {
      const exponent = (values[i]! >> 10) & 31;
      values[i] = exponent > FAINTER ? values[i]! - (FAINTER << 10) : 0;
    }
    yield new Uint8Array(values.buffer);
  }
}
