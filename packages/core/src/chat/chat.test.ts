import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HOSTILE_TEMPLATES } from '../../test/hostile-templates.ts';
import { byteVocabulary, type TinyOptions, tinyModel } from '../../test/tiny-model.ts';
import { PocketbitError } from '../errors.ts';
import { readGguf } from '../gguf/header.ts';
import { bytesSource } from '../source.ts';
import { createTokenizer } from '../tokenizer/tokenizer.ts';
import { type ChatMessage, createChat } from './chat.ts';

async function chatOf(template?: string, metadata: TinyOptions['metadata'] = {}) {
  const own = template === undefined ? {} : { 'tokenizer.chat_template': text(template) };
  const bytes = tinyModel({ metadata: { ...own, ...metadata } });
  const header = await readGguf(bytesSource(bytes));
  const tokenizer = createTokenizer(header);
  return { chat: createChat(header, tokenizer), tokenizer };
}

const text = (value: string) => ({ type: 'string', value }) as const;
const user = (content: string): ChatMessage[] => [{ role: 'user', content }];
const { tokens } = byteVocabulary();
const START = tokens.indexOf('<|im_start|>');
const END = tokens.indexOf('<|im_end|>');

/** The vocabulary with its three control tokens renamed. */
const controls = (...names: string[]) => ({
  'tokenizer.ggml.tokens': { type: 'strings', value: [...tokens.slice(0, -3), ...names] } as const,
});

describe('templates', () => {
  test('the file’s own, with its globals', async () => {
    const template =
      "{% for m in messages %}[{{ m.role | upper }}] {{ m['content'] | trim }}{{ eos_token }}\n" +
      '{% endfor %}{% if add_generation_prompt %}>{% endif %}{% for i in range(2) %}{{ i }}{% endfor %}';
    const { chat } = await chatOf(template);
    expect(chat.render(user(' hi '))).toBe('[USER] hi<|endoftext|>\n>01');
    expect(chat.render(user('hi'), { addGenerationPrompt: false })).toBe(
      '[USER] hi<|endoftext|>\n01',
    );
  });

  test('ChatML where its tokens exist', async () => {
    const { chat } = await chatOf();
    expect(chat.render([{ role: 'system', content: 's' }, ...user('hi')])).toBe(
      '<|im_start|>system\ns<|im_end|>\n<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n',
    );
  });

  test('BitNet’s where <|eot_id|> exists', async () => {
    const { chat } = await chatOf(undefined, controls('<|end_of_text|>', '<|eot_id|>', 'x'));
    expect(chat.render(user(' hi '))).toBe('User: hi<|eot_id|>Assistant: ');
  });

  test('BitNet’s in place of an earlier model’s', async () => {
    const earlier =
      "{% for m in messages %}{{ 'Human: ' + m.content + 'BITNETAssistant: ' }}{% endfor %}";
    const tokens = controls('<|end_of_text|>', '<|eot_id|>', 'x');
    const { chat } = await chatOf(earlier, tokens);
    expect(chat.render(user('hi'))).toBe('User: hi<|eot_id|>Assistant: ');
  });

  test('Falcon-E’s where it declares turns its vocabulary cannot write', async () => {
    const chatMl = "{% for m in messages %}{{ '<|im_start|>' + m.content }}{% endfor %}";
    const { chat } = await chatOf(chatMl, {
      ...controls('<|end_of_text|>', '<|pad|>', 'x'),
      'tokenizer.ggml.pre': text('falcon_e'),
    });
    const messages = [{ role: 'system', content: 'Be brief.' } as const, ...user('hi')];
    expect(chat.render(messages)).toBe('Be brief.\n\nUser: hi\nFalcon:');
    expect(chat.stopStrings).toEqual(['\nUser:', '\nFalcon:']);
  });

  test('the text alone for a base model', async () => {
    const { chat } = await chatOf(undefined, controls('<a>', '<b>', '<c>'));
    expect(chat.render([...user('one'), ...user('two')])).toBe('one\ntwo');
  });
});

describe('encode', () => {
  test('control tokens of the template are ids, those of a message stay text', async () => {
    const { chat, tokenizer } = await chatOf();
    const ids = chat.encode(user('a<|im_end|>b <|im_start|>'));
    expect(ids.filter((id) => id === START)).toHaveLength(2);
    expect(ids.filter((id) => id === END)).toHaveLength(1);
    expect(tokenizer.decode(ids)).toBe('user\na<|im_end|>b <|im_start|>\nassistant\n');
  });

  test('no message, however written, adds a control token', async () => {
    const { chat, tokenizer } = await chatOf();
    const parts = [
      '<|im_end|>',
      '<|im_start|>',
      '<|',
      'im_end',
      '|>',
      '<',
      '\ufdd0',
      'a',
      ' ',
      '🦊',
    ];
    const content = fc.array(fc.constantFrom(...parts), { maxLength: 12 });
    fc.assert(
      fc.property(content, (pieces) => {
        const message = pieces.join('');
        const ids = chat.encode(user(message));
        expect(ids.filter((id) => id === START || id === END)).toHaveLength(3);
        expect(tokenizer.decode(ids)).toBe(
          `user\n${message.replaceAll('\ufdd0', '')}\nassistant\n`,
        );
      }),
      { numRuns: 300, seed: 13 },
    );
  });

  test('BOS comes once', async () => {
    const bos = {
      'tokenizer.ggml.bos_token_id': { type: 'u32', value: END - 2 },
      'tokenizer.ggml.add_bos_token': { type: 'bool', value: true },
    } as const;
    for (const template of [
      '{{ bos_token }}{{ messages[0].content }}',
      '{{ messages[0].content }}',
    ]) {
      const { chat } = await chatOf(template, bos);
      expect(chat.encode(user('a'))).toEqual([END - 2, 97]);
    }
  });
});

const SLOWEST_MS = 5000;
/** Of processor time: other work on the machine does not count. */
function milliseconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

describe('hostile templates end soon, with a code', () => {
  test.each(Object.entries(HOSTILE_TEMPLATES))(
    '%s',
    async (_, template) => {
      const started = milliseconds();
      const error = await chatOf(template)
        .then(({ chat }) => chat.render(user('hi')))
        .catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(PocketbitError);
      expect(error).toMatchObject({ code: 'bad-model' });
      expect(milliseconds() - started).toBeLessThan(SLOWEST_MS);
    },
    60_000,
  );
});

test('a recursion ends at the same depth whatever the stack, and loops that are left early count once', async () => {
  const recursion =
    '{% macro f(x) %}{% for m in messages %}{% for m in f(x) %}{% endfor %}{% endfor %}{% endmacro %}{{ f(1) }}';
  const { chat } = await chatOf(recursion);
  expect(() => chat.render(user('hi'))).toThrow('nests deeper than 512 steps');
  const leaving =
    '{% set ns = namespace(n=0) %}{% for i in range(2000) %}{% if i % 2 %}{% continue %}{% endif %}' +
    '{% set ns.n = ns.n + 1 %}{% if i == 1998 %}{% break %}{% endif %}{% endfor %}{{ ns.n }}';
  expect((await chatOf(leaving)).chat.render(user('hi'))).toBe('1000');
});

test('a conversation of a thousand long messages is no hostile one', async () => {
  const template =
    "{%- if messages[0]['role'] == 'system' %}{{ messages[0].content.strip() }}{% endif -%}" +
    "{%- for m in messages %}{%- set content = m['content'] | trim | replace('\\r', '') %}" +
    "{%- if '</think>' in content %}{% set content = content.split('</think>')[-1].lstrip('\\n') %}{% endif %}" +
    "{%- if m.role not in ['user', 'assistant'] %}{{ raise_exception('roles') }}{% endif %}" +
    "{{- '<|im_start|>' ~ m.role ~ '\\n' ~ content ~ '<|im_end|>\\n' }}{%- endfor %}";
  const { chat } = await chatOf(template);
  const content = 'It is a truth universally acknowledged. '.repeat(25);
  const messages = Array.from({ length: 1000 }, () => user(content)[0]!);
  expect(chat.render(messages)).toHaveLength(1000 * (content.length - 1 + 28));
});
