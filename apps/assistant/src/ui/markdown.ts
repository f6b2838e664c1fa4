import DOMPurify from 'dompurify';
import { marked } from 'marked';

/** Model output is untrusted: only these tags pass, nothing that loads or styles anything. */
const POLICY = {
  ALLOWED_TAGS: [
    'p',
    'br',
    'strong',
    'em',
    'del',
    'code',
    'pre',
    'blockquote',
    'ul',
    'ol',
    'li',
    'hr',
    'a',
    'h1',
    'h2',
    'h3',
    'h4',
    'h5',
    'h6',
    'table',
    'thead',
    'tbody',
    'tr',
    'th',
    'td',
  ],
  ALLOWED_ATTR: ['href', 'start'],
  ALLOWED_URI_REGEXP: /^(?:https?|mailto):/i,
};

/** Characters of an answer that are read as markdown; a page of text has 3000. */
const MAX_CHARACTERS = 100_000;

/** Safe HTML of a model's markdown; of what is too long or too deeply nested for markdown, its plain text. */
export function toHtml(markdown: string): string {
  return DOMPurify.sanitize(parsed(markdown) ?? plain(markdown), POLICY);
}

/** Of two thousand nested quotations `marked` overflows the stack. */
function parsed(markdown: string): string | undefined {
  if (markdown.length > MAX_CHARACTERS) return undefined;
  try {
    return marked.parse(markdown, { async: false, breaks: true });
  } catch {
    return undefined;
  }
}

function plain(text: string): string {
  return `<pre>${text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</pre>`;
}
