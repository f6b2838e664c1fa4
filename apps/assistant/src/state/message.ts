import type { GenerateStats } from 'pocketbit';
import type { Outcome } from '../actions/user-data.ts';

export interface Message {
  id: string;
  role: 'user' | 'assistant';
  /** What the user wrote, or what the model answered, word for word. */
  text: string;
  /** Token ids of the answer. */
  ids: number[];
  state: 'streaming' | 'done' | 'failed';
  stats?: GenerateStats;
  /** What came of the action, where the answer was one. */
  outcome?: Outcome;
  error?: string;
}

/** Messages stored over a reload; the oldest go first. */
const MAX_STORED = 200;

/** Messages fit to be stored. Only the last answer may still be on its way: it goes on at the next visit. */
export function storable(messages: readonly Message[]): Message[] {
  const latest = messages.slice(-MAX_STORED);
  return latest.map((message, i) =>
    message.state === 'streaming' && i < latest.length - 1
      ? { ...message, state: 'done' }
      : message,
  );
}

/** Up to `turns` latest user messages with the answers between them, as the model's prompt. */
export function promptOf(messages: readonly Message[], turns: number) {
  const users = messages.flatMap((message, index) => (message.role === 'user' ? [index] : []));
  const start = users.at(-Math.min(turns, users.length)) ?? 0;
  return messages
    .slice(start)
    .filter((message) => message.text !== '' && message.state !== 'failed')
    .map(({ role, text }) => ({ role, content: text }));
}
