import { badModel } from '../errors.ts';

/** UTF-16 units of a special token. The longest published have about 40. */
const MAX_LENGTH = 128;

/** Finds special tokens in text: the longest that begins at each place, from the left. */
export class SpecialTokens {
  readonly #ids = new Map<string, number>();
  /** Lengths of the tokens that begin with a UTF-16 unit, longest first. */
  readonly #lengths = new Map<string, number[]>();

  /** Throws `bad-model` for tokens too long to be looked for at every place of a text. */
  constructor(tokens: Iterable<readonly [text: string, id: number]>) {
    for (const [text, id] of tokens) if (text !== '') this.#add(text, id);
    for (const lengths of this.#lengths.values()) lengths.sort((a, b) => b - a);
  }

  #add(text: string, id: number): void {
    if (text.length > MAX_LENGTH) {
      throw badModel(
        `the special token ${id} is ${text.length} characters long; at most ${MAX_LENGTH} are read`,
      );
    }
    this.#ids.set(text, id);
    const lengths = this.#lengths.get(text[0]!) ?? [];
    if (!lengths.includes(text.length)) lengths.push(text.length);
    this.#lengths.set(text[0]!, lengths);
  }

  /** The id of a special token by its whole text. */
  id(text: string): number | undefined {
    return this.#ids.get(text);
  }

  /**
   * The text in pieces: strings of plain text and the ids between them. Where `allowed` is given, a token is one
   * only where it says so, of its id and its units.
   */
  split(text: string, allowed?: Allowed): (string | number)[] {
    const pieces: (string | number)[] = [];
    let plainStart = 0;
    let at = 0;
    while (at < text.length) {
      const found = this.#match(text, at, allowed);
      if (found === undefined) {
        at++;
        continue;
      }
      if (at > plainStart) pieces.push(text.slice(plainStart, at));
      pieces.push(this.#ids.get(found)!);
      at += found.length;
      plainStart = at;
    }
    if (plainStart < text.length) pieces.push(text.slice(plainStart));
    return pieces;
  }

  /** Whether a token begins at a place of the text. */
  beginsAt(text: string, at: number, allowed: Allowed): boolean {
    return this.#match(text, at, allowed) !== undefined;
  }

  #match(text: string, at: number, allowed?: Allowed): string | undefined {
    for (const length of this.#lengths.get(text[at]!) ?? []) {
      const candidate = text.slice(at, at + length);
      const id = this.#ids.get(candidate);
      if (id !== undefined && (!allowed || allowed(id, at, at + length))) return candidate;
    }
    return undefined;
  }
}

/** Whether the token of an id may be read from units `start` to before `end` of a text. */
export type Allowed = (id: number, start: number, end: number) => boolean;
