import type { Command } from '../command.ts';
import { loadTokenizer } from '../model.ts';

export const tokenize: Command = {
  name: 'tokenize',
  usage: 'FILE TEXT [--special] [--json]',
  summary: 'the ids of a text; --special reads control tokens in it',
  options: { special: { type: 'boolean' }, json: { type: 'boolean' } },
  positionals: [2, 2],
  async run([file, text], values) {
    const tokenizer = await loadTokenizer(file!);
    const ids = tokenizer.encode(text!, { parseSpecial: values.special === true });
    const tokens = ids.map((id) => tokenizer.tokenText(id));
    if (values.json) {
      process.stdout.write(`${JSON.stringify({ ids, tokens })}\n`);
      return;
    }
    const lines = ids.map((id, i) => `${String(id).padStart(7)}  ${JSON.stringify(tokens[i])}\n`);
    process.stdout.write(lines.join(''));
  },
};
