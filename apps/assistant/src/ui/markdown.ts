import { TooDeep, writeBlocks } from './markdown/blocks.ts';
import { NodeWriter } from './markdown/writer.ts';

/** Characters of an answer that are read as markdown; a page of text has 3000. */
export const MAX_CHARACTERS = 100_000;

/** Elements of one part. More is no prose, and slow to lay out. */
const MAX_ELEMENTS = 300;

/** A model's markdown as nodes; what is too long, too deeply nested or too dense for markdown, as its plain text. */
export function rendered(markdown: string): DocumentFragment {
  if (markdown.length > MAX_CHARACTERS) return plain(markdown);
  const fragment = document.createDocumentFragment();
  const to = new NodeWriter(fragment);
  try {
    writeBlocks(markdown.split('\n'), to);
  } catch (error) {
    if (!(error instanceof TooDeep)) throw error;
    return plain(markdown);
  }
  to.end();
  return to.elements > MAX_ELEMENTS ? plain(markdown) : fragment;
}

export function plain(text: string): DocumentFragment {
  const fragment = document.createDocumentFragment();
  const to = new NodeWriter(fragment);
  to.open('pre', { class: 'plain' }).text(text).close().end();
  return fragment;
}

/** The same as HTML. */
export function toHtml(markdown: string): string {
  const holder = document.createElement('div');
  holder.append(rendered(markdown));
  return holder.innerHTML;
}
