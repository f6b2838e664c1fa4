import { readFileSync } from 'node:fs';
import { bytesSource, createTokenizer, readGguf, type Tokenizer } from '@pocketbit/core';
import { bundledModel } from '../../tests/support/paths.ts';
import type { Peer } from '../lab/peer/main.ts';
import { withWllama } from '../lib/lab.ts';
import type { Check } from '../lib/report.ts';
import { type GreedyCase, greedyCases } from './greedy-cases.ts';

/** llama.cpp rounds activations otherwise than the specification does, so closer choices may differ. */
const MIN_GAP = 0.5;

export const peer: Check = {
  title:
    '@wllama/wllama 3.8.1 loads the same file in Chromium and agrees on the greedy tokens, teacher-forced',
  async run({ note }) {
    const tokenizer = createTokenizer(await readGguf(bytesSource(readFileSync(bundledModel))));
    const tokens = greedyCases().flatMap((answer) => tokensOf(answer, tokenizer));
    const found = await inWllama(
      tokens.map(({ before }) => before),
      note,
    );
    const judged = tokens.map((token, i) => ({
      ...token,
      same: found[i]!.text === token.text,
      aligned: found[i]!.promptTokens === token.position,
    }));
    const clear = judged.filter(({ gap }) => gap > MIN_GAP);
    const agreed = clear.filter(({ same }) => same).length;
    note(
      `of all ${judged.length} tokens, ${judged.filter(({ same }) => same).length} are the same`,
    );
    return [
      {
        label: `tokens whose top-2 gap exceeds ${MIN_GAP}`,
        value: `${agreed} of ${clear.length} the same`,
        target: 'all',
        pass: agreed === clear.length && clear.length > 100,
      },
      {
        label: 'contexts that its own tokenizer cuts into as many tokens',
        value: `${judged.filter(({ aligned }) => aligned).length} of ${judged.length}`,
        target: 'all',
        pass: judged.every(({ aligned }) => aligned),
      },
    ];
  },
};

interface Forced {
  /** Everything before the token, control tokens written out: wllama takes no ids. */
  before: string;
  /** Tokens before it. */
  position: number;
  /** What wllama must answer; '' for a token that ends the answer. */
  text: string;
  gap: number;
}

function tokensOf({ promptIds, ids, gaps }: GreedyCase, tokenizer: Tokenizer): Forced[] {
  const written = (id: number) =>
    tokenizer.tokenBytes(id).length > 0 ? tokenizer.decode([id]) : tokenizer.tokenText(id);
  return ids.map((id, i) => {
    const context = [...promptIds, ...ids.slice(0, i)];
    return {
      before: context.map(written).join(''),
      position: context.length,
      text: tokenizer.stopIds.has(id) ? '' : tokenizer.decode([id]),
      gap: gaps[i]!,
    };
  });
}

async function inWllama(
  prompts: string[],
  note: (text: string) => void,
): Promise<Awaited<ReturnType<Peer['next']>>> {
  return withWllama({}, async (page) => {
    note(`libllama ${await page.evaluate(() => window.peer.version)}`);
    return page.evaluate(
      (given) => window.peer.next('../models/pocketbit-actions.gguf', given),
      prompts,
    );
  });
}
