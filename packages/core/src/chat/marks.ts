import type { Span } from '../text.ts';

// What people wrote, marked on its way through a template: a noncharacter before it and one after.

const OPEN = '\ufdd0';
const CLOSE = '\ufdd1';
const MARKS = /[\ufdd0\ufdd1]/g;

/** A text and which of it people wrote. */
export interface Marked {
  readonly text: string;
  /** In order, apart from each other. */
  readonly spans: readonly Span[];
}

/** The text without marks. */
export function unmarked(text: string): string {
  return text.replace(MARKS, '');
}

/** Whether some of the text is marked. */
export function isMarked(text: string): boolean {
  return text.includes(OPEN);
}

/** The whole text marked; the empty one stays empty. */
export function marked(text: string): string {
  const plain = unmarked(text);
  return plain === '' ? '' : OPEN + plain + CLOSE;
}

/** A text with marks as what it says and where it is marked. */
export function readMarks(text: string): Marked {
  const spans: [number, number][] = [];
  let depth = 0;
  let length = 0;
  for (const part of text.split(/([\ufdd0\ufdd1])/)) {
    if (part === OPEN) depth++;
    else if (part === CLOSE) depth--;
    else if (depth > 0) addSpan(spans, length, length + part.length);
    if (part !== OPEN && part !== CLOSE) length += part.length;
  }
  return { text: unmarked(text), spans };
}

function addSpan(spans: [number, number][], start: number, end: number): void {
  if (end <= start) return;
  const last = spans.at(-1);
  if (last && start <= last[1]) last[1] = Math.max(last[1], end);
  else spans.push([start, end]);
}

/** The inverse of `readMarks`. */
export function writeMarks({ text, spans }: Marked): string {
  let written = '';
  let at = 0;
  for (const [start, end] of spans) {
    written += text.slice(at, start) + marked(text.slice(start, end));
    at = end;
  }
  return written + text.slice(at);
}

/** Units `from` to before `to` of a text, with their marks. */
export function cut({ text, spans }: Marked, from: number, to: number): string {
  const inside = spans
    .filter(([start, end]) => start < to && end > from)
    .map(([start, end]): Span => [Math.max(start, from) - from, Math.min(end, to) - from]);
  return writeMarks({ text: text.slice(from, to), spans: inside });
}

/** Pieces times marks that are looked at; a text with more counts as written as a whole. */
const MAX_CUTS = 2 ** 20;

/** Whether so many pieces of the text can be cut one by one. */
export function cuttable({ spans }: Marked, pieces: number): boolean {
  return pieces * spans.length <= MAX_CUTS;
}

/** `text.replace(old, by, count)` of Python, with marks: what stands for something written counts as written. */
export function replaced(source: Marked, old: string, by: string, count: number): string {
  const { text } = source;
  let made = '';
  let at = 0;
  for (let left = count; left !== 0; left--) {
    const found = text.indexOf(old, at);
    if (found < 0) break;
    const end = found + old.length;
    made += cut(source, at, found) + (isMarked(cut(source, found, end)) ? marked(by) : by);
    at = end;
  }
  return made + cut(source, at, text.length);
}
