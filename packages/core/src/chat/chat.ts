import { PocketbitError, unsupported } from '../errors.ts';
import type { GgufHeader } from '../gguf/header.ts';
import { Metadata } from '../plan/metadata.ts';
import type { Tokenizer } from '../tokenizer/tokenizer.ts';
import { Overrun } from './bounded-interpreter.ts';
import { formatOf } from './fallback.ts';
import { type Marked, marked, readMarks, unmarked } from './marks.ts';
import { compileTemplate } from './template.ts';

/** A message of a conversation. */
export interface ChatMessage {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string;
}

/** How messages become a prompt. */
export interface RenderOptions {
  /** Whether the prompt ends where the assistant's answer begins; true by default. */
  readonly addGenerationPrompt?: boolean | undefined;
}

/** Conversations as the model was trained to see them. */
export interface Chat {
  /** The prompt as text, control tokens written out. */
  render(messages: readonly ChatMessage[], options?: RenderOptions): string;
  /** The prompt as ids. Control tokens come from the template alone: those in a message stay text. */
  encode(messages: readonly ChatMessage[], options?: RenderOptions): number[];
  /** Text that ends an answer, for formats whose turns no control token ends. */
  readonly stopStrings: readonly string[];
}

/** The chat of a GGUF file: its `tokenizer.chat_template`, or the fall-back for its vocabulary. */
export function createChat(header: GgufHeader, tokenizer: Tokenizer): Chat {
  const metadata = new Metadata(header.metadata);
  const { template, stopStrings } = formatOf({
    template: metadata.text('tokenizer.chat_template'),
    preTokenizer: metadata.text('tokenizer.ggml.pre'),
    has: (text) => tokenizer.specialId(text) !== undefined,
  });
  const { render, words } = guarded(() => compileTemplate(template));
  const { bos, eos } = tokenizer.specials;
  const variables = { bos_token: textOf(tokenizer, bos), eos_token: textOf(tokenizer, eos) };
  const written = (messages: readonly ChatMessage[], options: RenderOptions): Marked => {
    const made = render({
      ...variables,
      messages,
      add_generation_prompt: options.addGenerationPrompt ?? true,
    });
    const prompt = readMarks(made);
    refuseLong(prompt.text, messages);
    return prompt;
  };
  /** Whether the template runs within its bounds where there is next to nothing to write. */
  const isSound = () =>
    succeeds(() => written([markedMessage({ role: 'user', content: 'a' })], {}));
  const prompt = (messages: readonly ChatMessage[], options: RenderOptions = {}): Marked => {
    const safe = messages.map(markedMessage);
    try {
      return written(safe, options);
    } catch (cause) {
      throw cause instanceof Overrun && isSound()
        ? tooLong(messages, cause)
        : templateFailure(cause);
    }
  };
  const reserved = (entry: string) =>
    TURN.test(entry) || words.some((word) => word.includes(entry));
  return {
    render: (messages, options) => prompt(messages, options).text,
    stopStrings,
    encode(messages, options) {
      const { text, spans } = prompt(messages, options);
      return withBos(tokenizer, tokenizer.encodePrompt(text, spans, reserved));
    },
  };
}

/** How vocabularies write tokens of turns. */
const TURN = /^<[|\uff5c].*[|\uff5c]>$/s;

/** Roles that templates know. */
const ROLES = ['system', 'user', 'assistant', 'tool', 'developer'];

/** A message whose text is marked as written by people. Its role is not: templates make control tokens of it. */
function markedMessage({ role, content }: ChatMessage) {
  if (!ROLES.includes(role)) throw wrongMessage('role', role, ROLES.slice(0, 3).join(', '));
  if (typeof content !== 'string') throw wrongMessage('content', content, 'a text');
  return { role, content: marked(content) };
}

function wrongMessage(name: string, found: unknown, expected: string) {
  const shown = typeof found === 'string' ? JSON.stringify(found.slice(0, 80)) : typeof found;
  return unsupported(`a message has the ${name} ${shown}; give ${expected}`);
}

/** Characters that a template may add to a conversation, and how often it may repeat it. */
const MAX_ADDED = 128 * 1024;
const MAX_REPEATS = 4;

/** The tokenizer, too, would take long over what a template makes of nothing. */
function refuseLong(prompt: string, messages: readonly ChatMessage[]): void {
  const written = messages.reduce((sum, { content }) => sum + content.length, 0);
  if (prompt.length <= MAX_ADDED + MAX_REPEATS * written) return;
  throw new Overrun(`it makes ${prompt.length} characters of ${written}`);
}

/** The ids with the BOS that the vocabulary asks for, unless the template wrote it. */
function withBos({ addBos, specials: { bos } }: Tokenizer, ids: number[]): number[] {
  return addBos && bos !== undefined && ids[0] !== bos ? [bos, ...ids] : ids;
}

function textOf(tokenizer: Tokenizer, id: number | undefined): string {
  return id === undefined ? '' : unmarked(tokenizer.tokenText(id));
}

/** Characters of a template's own words in a message. */
const MAX_REASON = 300;

function guarded<T>(step: () => T): T {
  try {
    return step();
  } catch (cause) {
    throw templateFailure(cause);
  }
}

function templateFailure(cause: unknown): PocketbitError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const shown = unmarked(reason).slice(0, MAX_REASON);
  return new PocketbitError('bad-model', `the chat template failed: ${shown}`, { cause });
}

function succeeds(step: () => unknown): boolean {
  try {
    step();
    return true;
  } catch {
    return false;
  }
}

/** A template that overruns on a long conversation alone is not at fault. */
function tooLong(messages: readonly ChatMessage[], cause: Error): PocketbitError {
  return new PocketbitError(
    'context-full',
    `The conversation of ${messages.length} messages is too long for its chat template: ${cause.message}. Shorten it, or begin a new one.`,
    { cause },
  );
}
