import { escaped } from '@pocketbit/core';
import type { Command } from '../command.ts';
import { loadTokenizer } from '../model.ts';
import { print, printJson } from '../output.ts';

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
    if (values.json) return printJson({ ids, tokens });
    const lines = ids.map(
      (id, i) => `${String(id).padStart(7)}  ${escaped(JSON.stringify(tokens[i]))}`,
    );
    if (lines.length > 0) print(lines.join('\n'));
  },
};
