import { PocketbitError } from '../errors.ts';
import type { GgufHeader } from '../gguf/header.ts';
import { Metadata } from '../plan/metadata.ts';
import type { Tokenizer } from '../tokenizer/tokenizer.ts';
import { Overrun } from './bounded-interpreter.ts';
import { formatOf } from './fallback.ts';
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
    has: (text) => tokenizer.controlId(text) !== undefined,
  });
  const run = guarded(() => compileTemplate(template));
  const { bos, eos } = tokenizer.specials;
  const variables = { bos_token: textOf(tokenizer, bos), eos_token: textOf(tokenizer, eos) };
  const rendered: Chat['render'] = (messages, options = {}) => {
    const prompt = run({
      ...variables,
      messages: messages.map(({ role, content }) => ({ role, content })),
      add_generation_prompt: options.addGenerationPrompt ?? true,
    });
    refuseLong(prompt, messages);
    return prompt;
  };
  const render: Chat['render'] = (messages, options) => {
    try {
      return rendered(messages, options);
    } catch (cause) {
      throw cause instanceof Overrun && isSound(rendered)
        ? tooLong(messages, cause)
        : templateFailure(cause);
    }
  };
  return {
    render,
    stopStrings,
    encode(messages, options) {
      const safe = messages.map(({ role, content }) => ({
        role,
        content: tokenizer.guardSpecials(content),
      }));
      return encodePrompt(tokenizer, render(safe, options));
    },
  };
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

/** Ids of a rendered prompt, with the BOS that the vocabulary asks for unless the template wrote it. */
function encodePrompt(tokenizer: Tokenizer, prompt: string): number[] {
  const options = { addSpecial: false, parseSpecial: true, guarded: true };
  const ids = tokenizer.encode(prompt, options);
  const { bos } = tokenizer.specials;
  return tokenizer.addBos && bos !== undefined && ids[0] !== bos ? [bos, ...ids] : ids;
}

function textOf(tokenizer: Tokenizer, id: number | undefined): string {
  return id === undefined ? '' : tokenizer.tokenText(id);
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
  const shown = reason.slice(0, MAX_REASON);
  return new PocketbitError('bad-model', `the chat template failed: ${shown}`, { cause });
}

/** Whether the template runs within its bounds where there is next to nothing to write. */
function isSound(render: Chat['render']): boolean {
  try {
    return render([{ role: 'user', content: 'a' }]) !== null;
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
