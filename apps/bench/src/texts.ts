import type { Model } from 'pocketbit';

const WORDS = (
  'the a fox river house in on under old small went to saw and then found bread tree light morning she he they walked ' +
  'home with friend little blue stone wind over hill bird said that it was time for tea garden door key open again quiet'
).split(' ');
const SAMPLE_WORDS = 200;

/** Texts of about as many tokens as asked for, whatever the model's vocabulary; other seeds begin otherwise. */
export class Texts {
  /** Tokens a word, of this tokenizer. */
  readonly #perWord: number;

  private constructor(perWord: number) {
    this.#perWord = perWord;
  }

  static async of(model: Pick<Model, 'tokenize'>): Promise<Texts> {
    const ids = await model.tokenize(words(0, SAMPLE_WORDS));
    return new Texts(ids.length / SAMPLE_WORDS);
  }

  /** A longer text with the same seed begins with the shorter one. */
  about(tokens: number, seed: number): string {
    return words(seed, Math.max(1, Math.floor(tokens / this.#perWord)));
  }
}

function words(seed: number, count: number): string {
  let state = (seed + 1) * 7919;
  const drawn = Array.from({ length: count }, () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return WORDS[Math.floor((state / 2 ** 31) * WORDS.length)]!;
  });
  // The first word is the seed's own, so that no two seeds share a beginning.
  return [WORDS[seed % WORDS.length]!, ...drawn].slice(0, count).join(' ');
}
