import { once } from 'node:events';
import { WebSocket } from 'ws';
import { CALL_MS } from '../drivers/browser.ts';

interface Answer {
  id?: number | null;
  type: 'success' | 'error' | 'event';
  result?: unknown;
  error?: string;
  message?: string;
}

interface Waiting {
  resolve(result: unknown): void;
  reject(reason: string): void;
}

/** A session of WebDriver BiDi (w3c.github.io/webdriver-bidi): numbered commands over a WebSocket. */
export class BiDi {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, Waiting>();
  #sent = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('message', (data) => this.#receive(JSON.parse(String(data))));
    socket.on('error', (error) => this.#failAll(error.message));
    socket.on('close', () => this.#failAll('the browser closed the connection'));
  }

  /** `address` as the browser prints it: `ws://127.0.0.1:port`. */
  static async connect(address: string): Promise<BiDi> {
    const socket = new WebSocket(`${address}/session`);
    await once(socket, 'open');
    return new BiDi(socket);
  }

  /** The result of a command; rejects with the browser's reason, or after `CALL_MS`. */
  send<T>(method: string, params: object): Promise<T> {
    const id = ++this.#sent;
    const answer = new Promise<T>((resolve, reject) => {
      const fail = (reason: string) => reject(new Error(`${method}: ${reason}`));
      const timer = setTimeout(() => fail(`no answer in ${CALL_MS / 1000} s`), CALL_MS);
      this.#waiting.set(id, {
        resolve: (result) => resolve(result as T),
        reject: fail,
      });
      timer.unref();
    });
    this.#socket.send(JSON.stringify({ id, method, params }));
    return answer;
  }

  close(): void {
    this.#socket.close();
  }

  #receive({ id, type, result, error, message }: Answer): void {
    const waiting = this.#waiting.get(id ?? 0);
    if (!waiting) return;
    this.#waiting.delete(id!);
    if (type === 'success') waiting.resolve(result);
    else waiting.reject(`${error}: ${message}`);
  }

  #failAll(reason: string): void {
    for (const { reject } of this.#waiting.values()) reject(reason);
    this.#waiting.clear();
  }
}
