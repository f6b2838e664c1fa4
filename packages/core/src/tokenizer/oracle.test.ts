import { expect, test } from 'vitest';
import { compareTokenizer, tokenizerNames } from '../../../../tests/support/tokenizers.ts';

test.each(tokenizerNames)(
  '%s gives the ids of the Rust tokenizers or sentencepiece',
  async (name) => {
    expect(await compareTokenizer(name)).toEqual({ strings: 10_000, wrong: 0 });
  },
  30_000,
);
