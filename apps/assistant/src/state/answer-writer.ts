import { type GenerateStream, type Model, PocketbitError, type SavedSession } from 'pocketbit';
import { type Action, looksLikeAction, parseAction } from '../actions/action.ts';
import type { Outcome } from '../actions/user-data.ts';
import type { Choice } from './catalog.ts';
import type { Chat } from './chat.ts';
import { textOf } from './errors.ts';
import { type Message, promptOf } from './message.ts';

const MAX_TOKENS = 512;
/** For models that are no command model; those answer greedily. */
const CHAT_SAMPLING = { temperature: 0.7, topK: 40, topP: 0.95 };

/** What an answer needs of the app. */
export interface AnswerHost {
  /** The loaded model. Throws why there is none. */
  model(): Model;
  /** The catalogue's entry of the model; null for one that is not in it. */
  entry(): Choice['entry'];
  /** Carries out the action that `answer` is, or asks the user; once, however often it is called for one answer. */
  act(action: Action, answer: Message): Promise<Outcome>;
  /** The model's worker has died and was replaced. */
  recovered(): void;
  changed(): void;
}

/** Writes the answers of a conversation, one at a time, and saves the point from which each can go on. */
export class AnswerWriter {
  readonly #chat: Chat;
  readonly #host: AnswerHost;
  #stream: GenerateStream | null = null;
  #writing: Promise<void> | null = null;
  #abort: AbortController | null = null;

  constructor(chat: Chat, host: AnswerHost) {
    this.#chat = chat;
    this.#host = host;
  }

  /** Whether the model is answering. */
  get answering(): boolean {
    return this.#stream !== null;
  }

  /** Whether an answer is being written, or about to be. */
  get writing(): boolean {
    return this.#writing !== null;
  }

  stop(): void {
    this.#abort?.abort();
  }

  /** Stops the answer and waits until it has ended. */
  async finish(): Promise<void> {
    this.stop();
    await this.#writing;
  }

  /** Writes an answer from where it stands to its end. A failure becomes the answer's own. */
  write(answer: Message): Promise<void> {
    this.#writing = this.#writeToEnd(answer).finally(() => {
      this.#writing = null;
    });
    return this.#writing;
  }

  /** Saves the answer that `model` is writing, to the token. */
  async saveNow(model: Model): Promise<void> {
    if (!this.answering) return;
    const session = await model.save().catch(() => null);
    if (session && this.answering) this.#savePoint(session);
  }

  async #writeToEnd(answer: Message): Promise<void> {
    try {
      await this.#complete(answer);
      // Until it is carried out the answer counts as unfinished: a visit that ends here goes on here.
      const outcome = await this.#act(answer);
      if (outcome) answer.outcome = outcome;
      answer.state = 'done';
    } catch (error) {
      answer.state = 'failed';
      answer.error = textOf(PocketbitError.from(error));
    } finally {
      this.#stream = null;
      this.#abort = null;
      this.#chat.save();
      this.#host.changed();
    }
  }

  /** Streams the answer; when the model's worker dies it is replaced, and goes on where it was, once. */
  async #complete(answer: Message): Promise<void> {
    for (let spare = 1; ; spare--) {
      const model = this.#host.model();
      try {
        return await this.#generate(model, answer);
      } catch (error) {
        if (PocketbitError.from(error).code !== 'worker-crashed' || spare === 0) throw error;
        this.#host.recovered();
      }
    }
  }

  async #generate(model: Model, answer: Message): Promise<void> {
    this.#abort = new AbortController();
    if (await this.#restore(model, answer, this.#abort.signal)) return;
    const entry = this.#host.entry();
    let turns = entry?.turns ?? Number.POSITIVE_INFINITY;
    for (;;) {
      const prompt = promptOf(this.#chat.messages, turns);
      const options = {
        maxTokens: MAX_TOKENS,
        signal: this.#abort.signal,
        power: 'auto' as const,
        ...(entry ? {} : CHAT_SAMPLING),
      };
      answer.model = model.info.sha256;
      try {
        return await this.#follow(model.generate(prompt, options), answer);
      } catch (error) {
        // A long conversation: leave out its older half and ask again.
        const users = prompt.filter(({ role }) => role === 'user').length;
        if (PocketbitError.from(error).code !== 'context-full' || users < 2) throw error;
        turns = Math.ceil(users / 2);
      }
    }
  }

  /** Goes on where the answer was saved. What another model began stands as it is; false asks anew. */
  async #restore(model: Model, answer: Message, signal: AbortSignal): Promise<boolean> {
    const { session } = this.#chat;
    if (!session) return answer.text !== '';
    const { text, ids } = answer;
    try {
      await this.#follow(model.restore(session, { signal }), answer);
      answer.model = model.info.sha256;
      return true;
    } catch (error) {
      const { code } = PocketbitError.from(error);
      if (!['unsupported', 'integrity', 'context-full'].includes(code)) throw error;
      Object.assign(answer, { text, ids });
      this.#chat.dropSession();
      return text !== '';
    }
  }

  async #follow(stream: GenerateStream, answer: Message): Promise<void> {
    this.#stream = stream;
    this.#host.changed();
    // What is there stays until the stream has as much: a restored one begins at its last saved point.
    let written = { text: '', ids: [] as number[] };
    for await (const { text, ids } of stream) {
      written = { text: written.text + text, ids: [...written.ids, ...ids] };
      if (written.ids.length >= answer.ids.length) Object.assign(answer, written);
      this.#savePoint(stream.session);
      this.#host.changed();
    }
    this.#savePoint(stream.session);
    const { stats } = await stream.result;
    answer.stats = stats;
  }

  async #act(answer: Message): Promise<Outcome | null> {
    if (!looksLikeAction(answer.text)) return null;
    const action = parseAction(answer.text);
    if (action) return this.#host.act(action, answer);
    const stopped = answer.stats?.stopReason === 'aborted';
    return {
      kind: 'failed',
      message: stopped
        ? 'Stopped before the answer was complete.'
        : 'The model began an action but did not finish it. Try other words.',
    };
  }

  /** Saves the conversation with the point from which its answer can go on, whenever that has moved; it moves forward only. */
  #savePoint(session: SavedSession | null): void {
    const { session: saved } = this.#chat;
    if (!session || session === saved) return;
    if (saved && session.answer.length < saved.answer.length) return;
    this.#chat.saveSession(session);
  }
}
