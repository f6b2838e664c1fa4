import type { GenerateStream, Model, SavedSession } from 'pocketbit';
import { AnswerWriter } from '../src/state/answer-writer.ts';
import { Chat } from '../src/state/chat.ts';
import { freshId } from '../src/state/fresh-id.ts';
import type { KeptStore } from '../src/state/kept-records.ts';
import type { Message } from '../src/state/message.ts';
import { UserDataStore } from '../src/state/user-data.ts';
import type { Page } from './browser-doubles.ts';

/** Where the schedule may put something else in between. */
export type Step = <T>(label: string, work: () => Promise<T>) => Promise<T>;

export interface TabOptions {
  readonly records: KeptStore;
  readonly step: Step;
  /** What an action is carried out under; by default the id of its message. */
  readonly actionId?: (message: Message) => string;
}

/** A tab of the assistant without looks and engine: its data, its conversation, and a model that repeats what it is told. */
export class Tab {
  readonly page: Page;
  readonly userData: UserDataStore;
  readonly chat = new Chat();
  readonly #writer: AnswerWriter;
  rings = 0;

  constructor(page: Page, { records, step, actionId = ({ id }) => id }: TabOptions) {
    this.page = page;
    this.userData = new UserDataStore(() => {
      this.rings++;
    }, records);
    const model = repeating(step);
    this.#writer = new AnswerWriter(this.chat, {
      model: () => model,
      entry: () => null,
      act: (action, answer) => this.userData.apply(action, actionId(answer)),
      recovered: () => {},
      changed: () => {},
    });
  }

  /** What a page does when it is opened. */
  async open(): Promise<void> {
    await this.userData.start();
    await this.chat.open();
    const answer = this.chat.messages.at(-1);
    if (answer?.state === 'streaming') await this.#writer.write(answer);
  }

  /** Sends a message; the outcome of its action. */
  async send(text: string): Promise<Message> {
    const base = { ids: [], state: 'done' } as const;
    const answer: Message = {
      ...base,
      ids: [],
      id: freshId(),
      role: 'assistant',
      text: '',
      state: 'streaming',
    };
    this.chat.add({ ...base, ids: [], id: freshId(), role: 'user', text }, answer);
    this.chat.save();
    await this.#writer.write(answer);
    return answer;
  }
}

const PIECES = 3;

/** Answers with the user's own words, in pieces, and goes on from where it was saved. */
function repeating(step: Step): Model {
  const stream = (text: string, from: number): GenerateStream => {
    const session = (answer: number) =>
      ({
        version: 1,
        ids: new Uint32Array(),
        answer: new Uint32Array(answer),
        model: text,
      }) as unknown as SavedSession;
    const piece = (i: number) =>
      text.slice((text.length / PIECES) * i, (text.length / PIECES) * (i + 1));
    const answer = {
      session: session(from),
      async *[Symbol.asyncIterator]() {
        if (from > 0) yield { text: text.slice(0, (text.length / PIECES) * from), ids: ids(from) };
        for (let i = from; i < PIECES; i++) {
          await step('a token', async () => {});
          answer.session = session(i + 1);
          yield { text: piece(i), ids: [i] };
        }
      },
      result: Promise.resolve({ stats: { stopReason: 'stop' } }),
    };
    return answer as unknown as GenerateStream;
  };
  return {
    info: { sha256: 'repeating' },
    generate: (prompt: { content: string }[]) => stream(prompt.at(-1)!.content, 0),
    restore: (session: SavedSession) => stream(session.model, session.answer.length),
  } as unknown as Model;
}

const ids = (count: number) => Array.from({ length: count }, (_, i) => i);
