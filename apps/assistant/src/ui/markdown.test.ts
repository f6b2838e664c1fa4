// @vitest-environment jsdom
import { expect, test } from 'vitest';
import { toHtml } from './markdown.ts';

test('markdown becomes HTML', () => {
  expect(toHtml('**bold** and `code`')).toBe(
    '<p><strong>bold</strong> and <code>code</code></p>\n',
  );
});

test.each([
  ['a script', '<script>alert(1)</script>'],
  ['a handler', '<p onclick="alert(1)">x</p>'],
  ['an image, which would load', '![x](https://elsewhere.test/x.png)'],
  ['a style', '<p style="position:fixed">x</p><style>*{color:red}</style>'],
  ['a script address', '[x](javascript:alert(1))'],
  ['a data address', '[x](data:text/html,hi)'],
  ['a frame', '<iframe src="https://elsewhere.test"></iframe>'],
  ['a form', '<form action="https://elsewhere.test"><input name="x"></form>'],
])('%s does not pass', (_, text) => {
  expect(toHtml(text)).not.toMatch(
    /script|onclick|<img|style|javascript:|data:|<iframe|<form|<input/,
  );
});

test.each([
  ['nested two thousand deep', '> '.repeat(2000)],
  ['very long', '[&<b>'.repeat(50_000)],
])('what is %s is shown as it is', (_, text) => {
  const page = new DOMParser().parseFromString(toHtml(text), 'text/html');
  expect(page.querySelector('pre')?.textContent).toBe(text);
});

test('ordinary links pass', () => {
  expect(toHtml('[x](https://example.test/)')).toContain('<a href="https://example.test/">x</a>');
});
