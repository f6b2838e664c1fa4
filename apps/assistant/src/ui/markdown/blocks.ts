// What stands on lines of its own: paragraphs, headings, lists, quotations, code, tables. Every line is looked at once for
// each container that it is in, of which there are few.
import { writeInline } from './inline.ts';
import type { NodeWriter, Tag } from './writer.ts';

/** Containers within containers. */
const MAX_DEPTH = 12;

export const FENCE = /^ {0,3}(`{3,}(?=[^`]*$)|~{3,})/;
export const ITEM = /^( {0,3})([-*+]|\d{1,9}[.)])(?:([ \t]+)|$)/;
const HEADING = /^ {0,3}(#{1,6})(?:[ \t]|$)/;
const RULE = /^ {0,3}([-*_])[ \t]*(?:\1[ \t]*){2,}$/;
const QUOTE = /^ {0,3}> ?/;
const UNDERLINE = /^ {0,3}(=+|-+)[ \t]*$/;
const COLUMNS = /^\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?$/;

/** Thrown where containers stand too deep in each other. */
export class TooDeep extends Error {}

/** Writes lines as blocks. In a `tight` item a paragraph has no element of its own. Throws TooDeep. */
export function writeBlocks(
  lines: readonly string[],
  to: NodeWriter,
  depth = 0,
  tight = false,
): void {
  if (depth > MAX_DEPTH) throw new TooDeep();
  for (let at = 0; at < lines.length; ) at = writeBlock(lines, at, to, depth, tight);
}

/** Writes the block that begins at line `at`; returns the line after it. */
function writeBlock(
  lines: readonly string[],
  at: number,
  to: NodeWriter,
  depth: number,
  tight: boolean,
): number {
  const line = lines[at]!;
  if (isBlank(line)) return at + 1;
  if (FENCE.test(line)) return writeCode(lines, at, to);
  if (HEADING.test(line)) return writeHeading(line, at, to);
  if (RULE.test(line)) return writeRule(at, to);
  if (QUOTE.test(line)) return writeQuote(lines, at, to, depth);
  if (ITEM.test(line)) return writeList(lines, at, to, depth);
  if (isTable(lines, at)) return writeTable(lines, at, to);
  return writeParagraph(lines, at, to, tight);
}

export const isBlank = (line: string) => /^\s*$/.test(line);

function writeCode(lines: readonly string[], at: number, to: NodeWriter): number {
  const [, mark = ''] = FENCE.exec(lines[at]!)!;
  const indent = indentOf(lines[at]!);
  const closes = (line: string) => {
    const rest = line.trim();
    return rest.length >= mark.length && rest === mark[0]!.repeat(rest.length);
  };
  const found = lines.findIndex((line, i) => i > at && closes(line));
  const end = found < 0 ? lines.length : found;
  const code = lines.slice(at + 1, end).map((line) => outdented(line, indent));
  to.open('pre')
    .open('code')
    .text(code.map((line) => `${line}\n`).join(''))
    .close()
    .close()
    .text('\n');
  return end + 1;
}

function writeHeading(line: string, at: number, to: NodeWriter): number {
  const [opening, marks = ''] = HEADING.exec(line)!;
  const text = line.slice(opening.length).trim();
  let end = text.length;
  while (text[end - 1] === '#') end--;
  const closed = end === 0 || /\s/.test(text[end - 1]!);
  to.open(`h${marks.length}` as Tag);
  writeInline(closed ? text.slice(0, end).trimEnd() : text, to);
  to.close().text('\n');
  return at + 1;
}

function writeRule(at: number, to: NodeWriter): number {
  to.empty('hr').text('\n');
  return at + 1;
}

function writeQuote(lines: readonly string[], at: number, to: NodeWriter, depth: number): number {
  const end = firstAfter(lines, at, (line) => !QUOTE.test(line));
  to.open('blockquote').text('\n');
  writeBlocks(
    lines.slice(at, end).map((line) => line.replace(QUOTE, '')),
    to,
    depth + 1,
  );
  to.close().text('\n');
  return end;
}

interface Item {
  lines: string[];
  /** Of its lines and those before the next item, one was blank. */
  spaced: boolean;
}

function writeList(lines: readonly string[], at: number, to: NodeWriter, depth: number): number {
  const [, , marker = ''] = ITEM.exec(lines[at]!)!;
  const { items, end } = itemsOf(lines, at, kindOf(marker));
  const tight = !items.some(({ spaced }) => spaced);
  const number = Number.parseInt(marker, 10);
  if (Number.isNaN(number)) to.open('ul');
  else to.open('ol', number === 1 ? {} : { start: String(number) });
  to.text('\n');
  for (const item of items) {
    to.open('li');
    writeBlocks(item.lines, to, depth + 1, tight);
    to.close().text('\n');
  }
  to.close().text('\n');
  return end;
}

/** Lists of different bullets, or of different signs after the number, are two. */
const kindOf = (marker: string) => marker.at(-1)!;

function itemsOf(
  lines: readonly string[],
  start: number,
  kind: string,
): { items: Item[]; end: number } {
  const items: Item[] = [];
  let indent = 0;
  let blanks = 0;
  let at = start;
  for (; at < lines.length; at++) {
    const line = lines[at]!;
    const item = items.at(-1);
    const next = ITEM.exec(line);
    if (isBlank(line)) blanks++;
    else if (item && indentOf(line) >= Math.min(indent, 2)) {
      if (blanks > 0) item.spaced = true;
      item.lines.push(...Array<string>(blanks).fill(''), outdented(line, indent));
      blanks = 0;
    } else if (next && kindOf(next[2]!) === kind && !RULE.test(line)) {
      if (item && blanks > 0) item.spaced = true;
      indent = contentIndent(next);
      items.push({ lines: [outdented(line.slice(next[0].length), 0)], spaced: false });
      blanks = 0;
    } else if (item && blanks === 0 && !begins(line)) item.lines.push(line);
    else break;
  }
  return { items, end: at - blanks };
}

function contentIndent([, before = '', marker = '', space = ' ']: RegExpExecArray): number {
  return before.length + marker.length + (space.length > 4 ? 1 : space.length);
}

/** A table's head has as many cells as the row below it has columns. */
function isTable(lines: readonly string[], at: number): boolean {
  const [head, columns] = [lines[at]!, lines[at + 1]];
  if (columns === undefined || !head.includes('|') || !COLUMNS.test(columns.trim())) return false;
  return cellsOf(head).length === cellsOf(columns).length;
}

function writeTable(lines: readonly string[], at: number, to: NodeWriter): number {
  const head = cellsOf(lines[at]!);
  const end = firstAfter(lines, at + 2, (line) => isBlank(line) || begins(line));
  to.open('table').text('\n').open('thead').text('\n');
  writeRow(head, 'th', to);
  to.close().text('\n');
  const rows = lines.slice(at + 2, end);
  if (rows.length > 0) {
    to.open('tbody');
    for (const row of rows) writeRow(cellsOf(row).slice(0, head.length), 'td', to);
    to.close();
  }
  to.close().text('\n');
  return end;
}

function writeRow(cells: readonly string[], tag: 'th' | 'td', to: NodeWriter): void {
  to.open('tr').text('\n');
  for (const cell of cells) {
    to.open(tag);
    writeInline(cell, to);
    to.close().text('\n');
  }
  to.close().text('\n');
}

/** The cells of a row; an escaped bar is a bar. */
function cellsOf(line: string): string[] {
  const text = line.trim();
  const parts: string[] = [];
  let start = 0;
  // No lookbehind: Safari before 16.4 takes no script that holds one.
  for (let at = text.indexOf('|'); at >= 0; at = text.indexOf('|', at + 1)) {
    if (text[at - 1] === '\\') continue;
    parts.push(text.slice(start, at));
    start = at + 1;
  }
  parts.push(text.slice(start));
  if (parts.length > 1 && parts[0] === '') parts.shift();
  if (parts.length > 1 && parts.at(-1) === '') parts.pop();
  return parts.map((part) => part.trim().replaceAll('\\|', '|'));
}

function writeParagraph(
  lines: readonly string[],
  at: number,
  to: NodeWriter,
  tight: boolean,
): number {
  const end = firstAfter(
    lines,
    at + 1,
    (line, i) => isBlank(line) || begins(line) || isTable(lines, i),
  );
  const level = UNDERLINE.exec(lines[end] ?? '')?.[1]?.startsWith('=') ? 'h1' : 'h2';
  const headed = UNDERLINE.test(lines[end] ?? '');
  const text = lines.slice(at, end).map((line) => line.trim());
  if (headed) to.open(level);
  else if (!tight) to.open('p');
  writeInline(text.join('\n'), to);
  if (headed || !tight) to.close().text('\n');
  return headed ? end + 1 : end;
}

/** Whether a line ends the paragraph before it. */
function begins(line: string): boolean {
  const item = ITEM.exec(line);
  const interrupts =
    item?.[3] !== undefined &&
    (!/\d/.test(item[2]!) || (item[2]!.length === 2 && item[2]![0] === '1'));
  return interrupts || [FENCE, HEADING, RULE, QUOTE, UNDERLINE].some((block) => block.test(line));
}

function firstAfter(
  lines: readonly string[],
  at: number,
  ends: (line: string, at: number) => boolean,
): number {
  let end = at;
  while (end < lines.length && !ends(lines[end]!, end)) end++;
  return end;
}

const indentOf = (line: string) => /^[ \t]*/.exec(line)![0].length;

/** Without up to `width` of its leading spaces. */
function outdented(line: string, width: number): string {
  return line.slice(Math.min(width, indentOf(line)));
}
