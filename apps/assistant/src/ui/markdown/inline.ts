// What stands within a line: emphasis, code, links. Two passes over the text, each of a number of steps in proportion to it.
import type { NodeWriter } from './writer.ts';

type Mark = 'em' | 'strong' | 'del';

/** A part of a line in order; `delimiter` may become the beginning or the end of marks. */
type Token =
  | { kind: 'text'; text: string }
  | { kind: 'code'; text: string }
  | { kind: 'break' }
  | { kind: 'link'; href: string }
  | { kind: 'link-end' }
  | Delimiter;

interface Delimiter {
  kind: 'delimiter';
  char: string;
  /** Characters in all, and those that are no mark. */
  length: number;
  left: number;
  opens: boolean;
  closes: boolean;
  /** Marks that begin after it, the last found first, and that end before it. */
  begins: Mark[];
  ends: Mark[];
}

/** Marks within marks. More are no answer's, and a page of them is slow to lay out. */
const MAX_MARKS = 16;
/** Marks that begin at one place. */
const MAX_BEGINS = 3;
const MAX_ADDRESS = 2000;
const MAX_TAG = 1000;

const ADDRESS = /^(?:https?:\/\/|mailto:)[^\s<>"`]+$/i;
const TARGET =
  /^\(\s*(?=\S)(?:<([^<>\n]*)>|([^\s()<>]*(?:\([^\s()<>]*\)[^\s()<>]*)*))(?:\s+(?:"[^"\n]*"|'[^'\n]*'))?\s*\)/;
const BARE_ADDRESS = /https?:\/\/[^\s<>"`*_~|\\^{}[\]]*[^\s<>"`*_~|\\^{}[\].,:;!?')(]/iy;
const ENTITY = /&(?:#(\d{1,7})|#[xX]([\da-fA-F]{1,6})|([a-zA-Z]{2,8}));/y;
const SPECIAL = /[\\`*_~[\]!<&\n]|https?:\/\//gi;
const ENTITIES: Record<string, string> = {
  ...{ amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: '\u00a0', copy: '©', reg: '®' },
  ...{ hellip: '…', mdash: '—', ndash: '–', times: '×', deg: '°', rarr: '→', larr: '←', euro: '€' },
};

/** Writes a line, or lines of one paragraph, with its marks. */
export function writeInline(text: string, to: NodeWriter): void {
  const tokens = new Reader(text).tokens();
  pair(tokens);
  write(tokens, to);
}

/** First pass: everything but emphasis. Each method takes what stands at the place and returns its length. */
class Reader {
  readonly #text: string;
  readonly #tokens: Token[] = [];
  /** Where a bracket began, as places in the tokens. */
  #brackets: number[] = [];
  /** For each length of a run of backticks, its places from the last to the first. */
  readonly #ticks = new Map<number, number[]>();
  #at = 0;

  constructor(text: string) {
    this.#text = text;
    const runs = [...text.matchAll(/`+/g)].reverse();
    for (const { 0: run, index } of runs) {
      const places = this.#ticks.get(run.length) ?? [];
      if (places.push(index) === 1) this.#ticks.set(run.length, places);
    }
  }

  tokens(): Token[] {
    while (this.#at < this.#text.length) {
      SPECIAL.lastIndex = this.#at;
      const next = SPECIAL.exec(this.#text)?.index ?? this.#text.length;
      if (next > this.#at) this.#at += this.#plain(next - this.#at);
      if (next < this.#text.length) this.#at += this.#special(this.#text[next]!);
    }
    return this.#tokens;
  }

  #special(char: string): number {
    switch (char) {
      case '\\':
        return this.#escape();
      case '`':
        return this.#code();
      case '*':
      case '_':
      case '~':
        return this.#delimiter(char);
      case '\n':
        return this.#push({ kind: 'break' }, 1);
      case '[':
      case '!':
        return this.#bracket(char === '!');
      case ']':
        return this.#link();
      case '<':
        return this.#tag();
      case '&':
        return this.#entity();
      default:
        return this.#bareAddress();
    }
  }

  #push(token: Token, length: number): number {
    this.#tokens.push(token);
    return length;
  }

  #plain(length: number): number {
    return this.#push(
      { kind: 'text', text: this.#text.slice(this.#at, this.#at + length) },
      length,
    );
  }

  #escape(): number {
    const next = this.#text[this.#at + 1] ?? '';
    // Before the end of a line it breaks it, as every line is broken.
    if (next === '\n') return 1;
    return /[!-/:-@[-`{-~]/.test(next)
      ? this.#push({ kind: 'text', text: next }, 2)
      : this.#plain(1);
  }

  #code(): number {
    const run = runAt(this.#text, this.#at);
    const places = this.#ticks.get(run) ?? [];
    while (places.length > 0 && places.at(-1)! <= this.#at) places.pop();
    const end = places.at(-1);
    if (end === undefined) return this.#plain(run);
    const text = this.#text.slice(this.#at + run, end).replaceAll('\n', ' ');
    const padded = text.startsWith(' ') && text.endsWith(' ') && text.trim() !== '';
    return this.#push(
      { kind: 'code', text: padded ? text.slice(1, -1) : text },
      end + run - this.#at,
    );
  }

  #delimiter(char: string): number {
    const run = runAt(this.#text, this.#at);
    if (char === '~' && run !== 2) return this.#plain(run);
    const before = this.#text[this.#at - 1] ?? ' ';
    const after = this.#text[this.#at + run] ?? ' ';
    const marks = { length: run, left: run, begins: [], ends: [] };
    return this.#push({ kind: 'delimiter', char, ...sides(char, before, after), ...marks }, run);
  }

  #bracket(image: boolean): number {
    if (image && this.#text[this.#at + 1] !== '[') return this.#plain(1);
    this.#brackets.push(this.#tokens.length);
    return this.#plain(image ? 2 : 1);
  }

  /** An image would load: it becomes a link to itself. */
  #link(): number {
    const open = this.#brackets.pop();
    const target = this.#text[this.#at + 1] === '(' ? this.#target() : null;
    if (open === undefined || !target) return this.#plain(1);
    const { href, length } = target;
    if (href === '') {
      this.#tokens[open] = { kind: 'text', text: '' };
      return length;
    }
    this.#tokens[open] = { kind: 'link', href };
    // Links do not stand in links.
    this.#brackets = [];
    return this.#push({ kind: 'link-end' }, length);
  }

  /** The address in parentheses after a bracket; an empty one where it may not be opened. */
  #target(): { href: string; length: number } | null {
    const found = TARGET.exec(this.#text.slice(this.#at + 1, this.#at + 1 + MAX_ADDRESS));
    if (!found) return null;
    const address = (found[1] ?? found[2] ?? '').replaceAll('&amp;', '&');
    return { href: ADDRESS.test(address) ? address : '', length: 1 + found[0].length };
  }

  /** Tags of HTML are left out; an address between angle brackets is a link. */
  #tag(): number {
    if (!/[a-zA-Z/!?]/.test(this.#text[this.#at + 1] ?? '')) return this.#plain(1);
    const near = this.#text.slice(this.#at, this.#at + MAX_TAG);
    const end = near.indexOf('>');
    if (end < 0) return this.#plain(1);
    const inside = near.slice(1, end);
    if (ADDRESS.test(inside)) return this.#address(inside, end + 1);
    return /^br *\/?$/i.test(inside) ? this.#push({ kind: 'break' }, end + 1) : end + 1;
  }

  #address(href: string, length: number): number {
    this.#tokens.push({ kind: 'link', href }, { kind: 'text', text: href }, { kind: 'link-end' });
    return length;
  }

  #bareAddress(): number {
    const inWord = /[\p{L}\p{N}]/u.test(this.#text[this.#at - 1] ?? '');
    if (inWord || this.#brackets.length > 0) return this.#plain(1);
    BARE_ADDRESS.lastIndex = this.#at;
    const found = BARE_ADDRESS.exec(this.#text);
    return found ? this.#address(found[0], found[0].length) : this.#plain(1);
  }

  #entity(): number {
    ENTITY.lastIndex = this.#at;
    const found = ENTITY.exec(this.#text);
    const character = found && characterOf(found);
    return character
      ? this.#push({ kind: 'text', text: character }, found[0].length)
      : this.#plain(1);
  }
}

function runAt(text: string, at: number): number {
  let end = at;
  while (text[end] === text[at]) end++;
  return end - at;
}

function characterOf([, decimal, hex, name]: RegExpExecArray): string | undefined {
  if (name) return Object.hasOwn(ENTITIES, name) ? ENTITIES[name] : undefined;
  const code = decimal ? Number(decimal) : Number.parseInt(hex!, 16);
  const valid = code > 31 && code < 0x110000 && !(code >= 0xd800 && code < 0xe000);
  return valid ? String.fromCodePoint(code) : '\ufffd';
}

/** Whether a run of delimiters can begin or end a mark, by what stands beside it; CommonMark's rules. */
function sides(char: string, before: string, after: string): { opens: boolean; closes: boolean } {
  const space = /\s/;
  const mark = /[\p{P}\p{S}]/u;
  const left = !space.test(after) && (!mark.test(after) || space.test(before) || mark.test(before));
  const right =
    !space.test(before) && (!mark.test(before) || space.test(after) || mark.test(after));
  if (char !== '_') return { opens: left, closes: right };
  return {
    opens: left && (!right || mark.test(before)),
    closes: right && (!left || mark.test(after)),
  };
}

/** Second pass: pairs delimiters. Each step uses a delimiter up or goes to the next token. */
function pair(tokens: readonly Token[]): void {
  let open: Delimiter[] = [];
  let outside: Delimiter[] = [];
  for (const token of tokens) {
    if (token.kind === 'link') [outside, open] = [open, []];
    else if (token.kind === 'link-end') open = outside;
    else if (token.kind === 'delimiter') open = meet(token, open);
  }
}

/** The delimiters that are open after `token`, which ends marks of those before it where it can. */
function meet(token: Delimiter, open: Delimiter[]): Delimiter[] {
  let rest = open;
  while (token.closes && token.left > 0) {
    const at = openerOf(token, rest);
    if (at < 0) break;
    const opener = rest[at]!;
    const width = token.char === '~' || (opener.left > 1 && token.left > 1) ? 2 : 1;
    const mark = token.char === '~' ? 'del' : width === 2 ? 'strong' : 'em';
    opener.begins.unshift(mark);
    token.ends.push(mark);
    opener.left -= width;
    token.left -= width;
    rest = rest.slice(0, opener.left > 0 ? at + 1 : at);
  }
  return token.opens && token.left > 0 ? [...rest, token].slice(-MAX_MARKS) : rest;
}

/** The place of the last delimiter that `token` can end; -1 where there is none. */
function openerOf(token: Delimiter, open: readonly Delimiter[]): number {
  let at = open.length - 1;
  while (at >= 0 && !fits(open[at]!, token)) at--;
  return at;
}

/** CommonMark's rule of three keeps `**` within `*a**b*` from ending what it does not. */
function fits(opener: Delimiter, closer: Delimiter): boolean {
  if (opener.char !== closer.char || opener.begins.length >= MAX_BEGINS) return false;
  const either = opener.closes || closer.opens;
  const three = (opener.length + closer.length) % 3 === 0 && opener.length % 3 !== 0;
  return closer.char === '~' || !(either && three);
}

function write(tokens: readonly Token[], to: NodeWriter): void {
  for (const token of tokens) {
    if (token.kind === 'text') to.text(token.text);
    else if (token.kind === 'code') to.open('code').text(token.text).close();
    else if (token.kind === 'break') to.empty('br');
    else if (token.kind === 'link') to.open('a', { href: token.href });
    else if (token.kind === 'link-end') to.close();
    else writeDelimiter(token, to);
  }
}

function writeDelimiter({ char, left, begins, ends }: Delimiter, to: NodeWriter): void {
  for (const _ of ends) to.close();
  to.text(char.repeat(left));
  for (const mark of begins) to.open(mark);
}
