import { isCount, isListOf, isOneOf, isRecordOf, isText, orNone, shape } from '@pocketbit/core';
import type { GenerateStats } from 'pocketbit';
import type { Outcome } from '../actions/user-data.ts';
import { isOutcome, MAX_ENTRIES, withOwnIds } from './stored-data.ts';

export interface Message {
  id: string;
  role: 'user' | 'assistant';
  /** What the user wrote, or what the model answered, word for word. */
  text: string;
  /** Token ids of the answer. */
  ids: number[];
  state: 'streaming' | 'done' | 'failed';
  /** SHA-256 of the model that wrote the answer; versions before 0.3 did not note it. */
  model?: string;
  stats?: GenerateStats;
  /** What came of the action, where the answer was one. */
  outcome?: Outcome;
  error?: string;
}

/** Messages stored over a reload; the oldest go first. */
const MAX_STORED = 200;
/** The longest text that a message may have, UTF-16 units: more stops a page that shows it. */
const MAX_TEXT = 4_194_304;

/** Messages fit to be stored. Only the last answer may still be on its way: it goes on at the next visit. */
export function storable(messages: readonly Message[]): Message[] {
  const latest = messages.slice(-MAX_STORED);
  return latest.map((message, i) =>
    message.state === 'streaming' && i < latest.length - 1
      ? { ...message, state: 'done' }
      : message,
  );
}

/** Stored messages, and whether that is all that is stored there. */
export interface StoredMessages {
  messages: Message[];
  whole: boolean;
}

/** The messages of a record, each under an id of its own; what is none is left out, and of too many the oldest are. */
export function readMessages(stored: unknown): StoredMessages {
  if (!Array.isArray(stored)) return { messages: [], whole: false };
  const latest = Array.from(stored.slice(-MAX_STORED));
  const read = latest.map(readMessage);
  return {
    messages: withOwnIds(read.flatMap(({ message }) => message ?? [])),
    whole: stored.length === latest.length && read.every(({ whole }) => whole),
  };
}

const isLong = shape<string>((value) => isText(value) && value.length <= MAX_TEXT);
const isIds = shape<number[]>(
  (value) => Array.isArray(value) && value.length <= MAX_ENTRIES && isListOf(isCount)(value),
);
type Needed = Pick<Message, 'id' | 'role' | 'text' | 'ids' | 'state' | 'model' | 'error'>;
const isMessage = isRecordOf<Needed>({
  id: isLong,
  role: isOneOf('user', 'assistant'),
  text: isLong,
  ids: isIds,
  state: isOneOf('streaming', 'done', 'failed'),
  model: orNone(isText),
  error: orNone(isLong),
});
/** A rate over no time is infinite, and was stored so. */
const isFigure = shape<number>((value) => typeof value === 'number');
type Shown = Pick<
  GenerateStats,
  'tokensPerSecond' | 'firstTokenMs' | 'generatedTokens' | 'stopReason'
>;
const isStats = isRecordOf<Shown>({
  tokensPerSecond: isFigure,
  firstTokenMs: isFigure,
  generatedTokens: isFigure,
  stopReason: shape(isText),
}) as (value: unknown) => value is GenerateStats;

/** A message with what is known of it; what it says is there though what came of it cannot be read. */
function readMessage(stored: unknown): { message: Message | null; whole: boolean } {
  if (!isMessage(stored)) return { message: null, whole: false };
  const { id, role, text, ids, state, model, error } = stored;
  const { stats, outcome } = stored as { stats?: unknown; outcome?: unknown };
  const message: Message = { id, role, text, ids, state };
  if (model !== undefined) message.model = model;
  if (error !== undefined) message.error = error;
  if (isStats(stats)) message.stats = stats;
  if (isOutcome(outcome)) message.outcome = outcome;
  const whole = orNone(isStats)(stats) && orNone(isOutcome)(outcome);
  return { message, whole };
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
