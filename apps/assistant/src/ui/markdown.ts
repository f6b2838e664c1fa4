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

/** Safe HTML of a model's markdown. */
export function toHtml(markdown: string): string {
  return DOMPurify.sanitize(marked.parse(markdown, { async: false, breaks: true }), POLICY);
}
