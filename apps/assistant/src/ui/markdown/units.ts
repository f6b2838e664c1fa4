// An answer in parts that do not depend on each other: while it grows, only the last one can still change.
import { FENCE, ITEM, isBlank } from './blocks.ts';

/** Longest part. A longer one is cut: at the end of a line, else between words. */
export const MAX_UNIT = 3000;
/** A line so long is known for what it is before its end. */
const KNOWN = 200;

/** Where a part begins; `fence` is the line that opened the code which it goes on with. */
export interface Place {
  readonly at: number;
  readonly fence: string;
}

export interface Unit {
  readonly text: string;
  /** Where the next part begins; null while this one may still change. */
  readonly next: Place | null;
}

/** The part of `text` that begins at `place`. */
export function unitAt(text: string, { at, fence }: Place): Unit {
  const scan = new Scan(text, at, fence);
  const end = scan.end();
  const own = text.slice(at, end);
  return {
    text: fence && own ? `${fence}\n${own}` : own,
    next: end < text.length || scan.closed ? { at: end, fence: scan.fence } : null,
  };
}

/** Reads line by line to the end of a part. */
class Scan {
  readonly #text: string;
  readonly #start: number;
  /** The end is followed by something that is known not to belong to the part. */
  closed = false;
  /** The line that opened the code at the end; empty outside code. */
  fence: string;

  constructor(text: string, start: number, fence: string) {
    this.#text = text;
    this.#start = start;
    this.fence = fence;
  }

  end(): number {
    let blank = false;
    let list = false;
    for (let at = this.#start; at < this.#text.length; ) {
      const newline = this.#text.indexOf('\n', at);
      const end = newline < 0 ? this.#text.length : newline;
      if (end - this.#start > MAX_UNIT) return this.#cut(at);
      const line = this.#text.slice(at, end);
      const known = newline >= 0 || line.length > KNOWN;
      const item = ITEM.test(line);
      if (at === this.#start) list = item;
      if (blank && known && !this.fence && /^\S/.test(line) && !(list && item))
        return this.#close(at);
      this.#follow(line);
      blank = isBlank(line);
      at = end + 1;
    }
    return this.#text.length;
  }

  #close(at: number): number {
    this.closed = true;
    return at;
  }

  /** Inside the line at `at`, or before it where the part is not that one line. */
  #cut(at: number): number {
    this.closed = true;
    if (at > this.#start) return at;
    const limit = at + MAX_UNIT;
    const space = this.#text.lastIndexOf(' ', limit);
    if (space > at + MAX_UNIT / 2) return space + 1;
    const code = this.#text.charCodeAt(limit - 1);
    return code >= 0xd800 && code < 0xdc00 ? limit - 1 : limit;
  }

  #follow(line: string): void {
    const mark = FENCE.exec(line)?.[1];
    if (!this.fence) {
      if (mark) this.fence = line;
      return;
    }
    const [, opening = ''] = FENCE.exec(this.fence)!;
    const rest = line.trim();
    if (mark && rest === mark && mark[0] === opening[0] && mark.length >= opening.length)
      this.fence = '';
  }
}
