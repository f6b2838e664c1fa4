import { badModel } from '../errors.ts';
import type { StringArray } from '../gguf/values.ts';
import type { Metadata } from '../plan/metadata.ts';
import { vocabularyLine } from '../plan/vocabulary-lines.ts';

/** Ids with a part in every text, where the file names them. */
export interface SpecialIds {
  readonly bos?: number | undefined;
  readonly eos?: number | undefined;
  readonly eot?: number | undefined;
  readonly pad?: number | undefined;
  readonly unknown?: number | undefined;
}

/** What `tokenizer.ggml.token_type` calls plain text, and a byte. */
const NORMAL = 1;
const BYTE = 6;

/** The ids that a file names, each in the vocabulary. Throws `bad-model` for one that is not. */
export function specialIdsOf(metadata: Metadata, entries: number): SpecialIds {
  const id = (name: string): number | undefined => {
    const key = keyOf(name);
    return metadata.has(key) ? metadata.count(key, 0, entries - 1) : undefined;
  };
  return {
    bos: id('bos'),
    eos: id('eos'),
    eot: id('eot'),
    pad: id('padding'),
    unknown: id('unknown'),
  };
}

/**
 * Throws `bad-model` where a token that begins or ends a text is, by its type and its characters, a word or a byte
 * of it, or lies outside of the control tokens that vocabularies of this size have.
 */
export function checkSpecialIds(
  { bos, eos, eot }: SpecialIds,
  entries: StringArray,
  types: Int32Array | Uint32Array | undefined,
): void {
  const line = vocabularyLine(entries.length);
  for (const [name, id] of Object.entries({ bos, eos, eot })) {
    if (id === undefined) continue;
    if (types && (types[id] === BYTE || (types[id] === NORMAL && isWord(entries.at(id))))) {
      throw badModel(
        `"${keyOf(name)}" is ${id}, which the vocabulary has as ${JSON.stringify(entries.at(id).slice(0, 80))}, ` +
          `${types[id] === BYTE ? 'a byte' : 'plain text'}; expected a control token`,
      );
    }
    if (line && id < line.firstControl) {
      throw badModel(
        `"${keyOf(name)}" is ${id}, and in the ${entries.length} entries of ${line.name}’s vocabulary ` +
          `control tokens begin at ${line.firstControl}; convert the model again`,
      );
    }
  }
}

/** Several converters give control tokens the type of plain text; their characters tell them then. */
function isWord(text: string): boolean {
  return /^[▁Ġ]?[\p{L}\p{N}]+$/u.test(text);
}

function keyOf(name: string): string {
  return `tokenizer.ggml.${name}_token_id`;
}
