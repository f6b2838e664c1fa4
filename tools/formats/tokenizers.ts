import { compareTokenizer, tokenizerNames } from '../../tests/support/tokenizers.ts';
import type { Check, Figure } from '../lib/report.ts';

export const tokenizers: Check = {
  title: 'ids against the hashes of PyPI tokenizers (byte-level BPE) and sentencepiece',
  async run() {
    const figures: Figure[] = [];
    for (const name of tokenizerNames) {
      const { strings, wrong } = await compareTokenizer(name);
      figures.push({
        label: name,
        value: `${wrong} of ${strings} strings in a block with a wrong id`,
        target: '0 of at least 10000',
        pass: wrong === 0 && strings >= 10_000,
      });
    }
    return figures;
  },
};
