// Text models over the real engine, and who listens to them.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  bytesSource,
  createChat,
  createTokenizer,
  type PlanOptions,
  planModel,
  readGguf,
  StopFilter,
} from '@pocketbit/core';
import { bindEngine } from '../../../tests/support/engine.ts';
import { root } from '../../../tests/support/paths.ts';
import { engineOf } from '../../../tools/lib/engine.ts';
import type { Engine } from '../src/exports.ts';
import type { Line } from '../src/generate.ts';
import { sizePlan } from '../src/memory.ts';
import { TextModel, type TextModelParts } from '../src/model.ts';
import type { SavedSession } from '../src/session.ts';

export const BUNDLED = join(root, 'apps/assistant/public/models/pocketbit-actions.gguf');
export const TINY = join(root, 'tests/fixtures/tiny/tiny-tq2.gguf');

/** A clock whose time passes only in sleep. */
export class StillClock {
  time = 0;
  now = () => this.time;
  pause = async () => {};
  sleep = async (ms: number) => {
    this.time += ms;
  };
}

export interface OpenOptions extends Partial<TextModelParts>, PlanOptions {
  /** No id ends an answer. */
  endless?: boolean;
}

/** A fresh engine filled with `file`, as a model; without `key` it is the file's name. */
export async function openText(
  file: string,
  { contextLength, kv, endless, ...parts }: OpenOptions = {},
): Promise<{ model: TextModel; engine: Engine }> {
  const source = bytesSource(readFileSync(file));
  const header = await readGguf(source);
  const exports = await bindEngine('simd128');
  const plan = sizePlan(exports, planModel(header, { contextLength, kv }));
  const engine = await engineOf(exports, plan, source);
  const tokenizer = createTokenizer(header);
  if (endless) Object.defineProperty(tokenizer, 'stopIds', { value: new Set() });
  const text = { tokenizer, chat: createChat(header, tokenizer), StopFilter };
  const clock = new StillClock();
  return { model: new TextModel({ engine, plan, text, clock, key: file, ...parts }), engine };
}

/** Takes all of an answer; `after` is called with the count of tokens after each. */
export class Listener implements Line {
  text = '';
  readonly ids: number[] = [];
  readonly sessions: SavedSession[] = [];
  readonly controller = new AbortController();
  readonly signal = this.controller.signal;
  readonly #after: (tokens: number, listener: Listener) => void;

  constructor(after: (tokens: number, listener: Listener) => void = () => {}) {
    this.#after = after;
  }

  chunk({ text, ids }: { text: string; ids: number[] }): void {
    this.text += text;
    this.ids.push(...ids);
    if (ids.length > 0) this.#after(this.ids.length, this);
  }

  session(session: SavedSession): void {
    this.sessions.push(session);
  }
}
