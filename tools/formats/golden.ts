import { execFileSync } from 'node:child_process';
import { rustEnvironment } from '../../scripts/lib/rust.mjs';
import { root } from '../../tests/support/paths.ts';
import type { Check } from '../lib/report.ts';

const TYPES = ['Q1_0', 'Q2_0', 'TQ1_0', 'TQ2_0', 'Q8_0', 'Q6_K', 'Q4_K'];

export const golden: Check = {
  title: "ggml's golden cosine tensors, quantised and read back by the engine's own decoders",
  async run() {
    const args = ['test', '-q', '-p', 'pocketbit-kernels', '--test', 'golden', '--', '--nocapture'];
    const env = await rustEnvironment();
    // The test compares CRC and sum with the golden ones and fails, and this with it, where one differs.
    const printed = execFileSync('cargo', args, { cwd: root, env, encoding: 'utf8' });
    return TYPES.map((type) => {
      const line = printed.split('\n').find((text) => text.startsWith(`${type}: `));
      return {
        label: type,
        value: line?.slice(type.length + 2) ?? 'not run',
        target: 'golden',
        pass: !!line,
      };
    });
  },
};
