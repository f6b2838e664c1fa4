import type { Chat, StopFilter, Tokenizer } from '@pocketbit/core';
import type { Clock } from './clock.ts';
import type { Context } from './context.ts';
import type { SizedPlan } from './memory.ts';
import type { Drift } from './pace.ts';

/** What turns text into ids and back: handed in, because a page loads this code on use. */
export interface TextTools extends AnswerTools {
  readonly tokenizer: Tokenizer;
  readonly chat: Chat;
}

/** The part of the text tools that turns ids into an answer. */
export interface AnswerTools {
  readonly tokenizer: Pick<Tokenizer, 'stopIds' | 'stream'>;
  readonly chat: Pick<Chat, 'stopStrings'>;
  readonly StopFilter: new (stops: readonly string[]) => Pick<StopFilter, 'push' | 'flush'>;
}

/** What an answer is written with. */
export interface Speaker {
  readonly plan: SizedPlan;
  readonly context: Context;
  readonly text: AnswerTools;
  readonly clock: Clock;
  readonly drift: Drift;
}
