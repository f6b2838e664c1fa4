// Conversations that a template cannot write within its bounds: too long, or the template's own fault.
import { expect, test } from 'vitest';
import { tinyModel } from '../../test/tiny-model.ts';
import { readGguf } from '../gguf/header.ts';
import { bytesSource } from '../source.ts';
import { createTokenizer } from '../tokenizer/tokenizer.ts';
import { type ChatMessage, createChat } from './chat.ts';

async function chatOf(template?: string) {
  const own = template && {
    'tokenizer.chat_template': { type: 'string', value: template } as const,
  };
  const header = await readGguf(bytesSource(tinyModel({ metadata: { ...own } })));
  return createChat(header, createTokenizer(header));
}

const user = (content: string): ChatMessage => ({ role: 'user', content });
const many = (count: number, content: string) => Array.from({ length: count }, () => user(content));

/** Writes sixty characters around each message, as published templates do. */
const WORDY = `{% for m in messages %}{{ '${'-'.repeat(60)}' + m['content'] }}{% endfor %}`;

const LONG: [string, string | undefined, ChatMessage[]][] = [
  ['of one message of 5,000,000 characters', undefined, many(1, 'x'.repeat(5e6))],
  ['of five messages of 1,000,000', undefined, many(5, 'x'.repeat(1e6))],
  ['of 100,000 messages', undefined, many(1e5, 'x')],
  ['of 4,000 messages and a wordy template', WORDY, many(4000, 'x')],
];

test.each(LONG)('a conversation %s is context-full (fault 15)', async (_, template, messages) => {
  const chat = await chatOf(template);
  const full = expect.objectContaining({ code: 'context-full' });
  expect(() => chat.encode(messages)).toThrow(full);
  expect(() => chat.render(messages)).toThrow(full);
  expect(chat.encode([user('hi')]).length).toBeGreaterThan(0);
});

test('a template that overruns on next to nothing is bad-model, however long the conversation (fault 15)', async () => {
  const chat = await chatOf('{% for i in range(9999) %}{{ messages | tojson * 99 }}{% endfor %}');
  const bad = expect.objectContaining({ code: 'bad-model' });
  for (const messages of [many(1, 'x'), many(1000, 'x')])
    expect(() => chat.render(messages)).toThrow(bad);
});

test('a template that refuses a conversation is not called too long (fault 15)', async () => {
  const chat = await chatOf(
    "{% if messages | length > 2 %}{{ raise_exception('two only') }}{% endif %}a",
  );
  const refusal = expect.objectContaining({
    code: 'bad-model',
    message: expect.stringContaining('two only'),
  });
  expect(() => chat.render(many(3, 'x'))).toThrow(refusal);
});
