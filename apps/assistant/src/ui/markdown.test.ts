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

test.each([
  ['a heading', '## Two ##', '<h2>Two</h2>\n'],
  ['lines', 'a\nb', '<p>a<br>b</p>\n'],
  ['an underlined heading', 'One\n===', '<h1>One</h1>\n'],
  ['a rule', 'a\n\n***', '<p>a</p>\n<hr>\n'],
  ['marks in marks', '***a** b*', '<p><em><strong>a</strong> b</em></p>\n'],
  ['marks that cross', '*a _b* c_', '<p><em>a _b</em> c_</p>\n'],
  ['a mark within a word', '*a**b*', '<p><em>a**b</em></p>\n'],
  ['underscores in a word', 'snake_case_name', '<p>snake_case_name</p>\n'],
  ['a strike', '~~no~~ ~yes~', '<p><del>no</del> ~yes~</p>\n'],
  ['code with backticks', '`` a`b ``', '<p><code>a`b</code></p>\n'],
  ['an escape', '\\*a\\*', '<p>*a*</p>\n'],
  ['entities', '&lt;b&gt; &amp; &#65; &nope;', '<p>&lt;b&gt; &amp; A &amp;nope;</p>\n'],
  [
    'a fence',
    '```js\n<b>\n*a*\n```\nafter',
    '<pre><code>&lt;b&gt;\n*a*\n</code></pre>\n<p>after</p>\n',
  ],
  ['a fence without an end', '~~~\na', '<pre><code>a\n</code></pre>\n'],
  [
    'a quotation',
    '> a\n> > b',
    '<blockquote>\n<p>a</p>\n<blockquote>\n<p>b</p>\n</blockquote>\n</blockquote>\n',
  ],
  ['a list', '- a\n- b\n  - c', '<ul>\n<li>a</li>\n<li>b<ul>\n<li>c</li>\n</ul>\n</li>\n</ul>\n'],
  ['a numbered list', '3. a\n4. b', '<ol start="3">\n<li>a</li>\n<li>b</li>\n</ol>\n'],
  [
    'a wide list',
    '1. a\n\n   b\n\n2. c',
    '<ol>\n<li><p>a</p>\n<p>b</p>\n</li>\n<li><p>c</p>\n</li>\n</ol>\n',
  ],
  [
    'a table',
    '|a|b|\n|-|:-:|\n|1|`2\\|3`|',
    '<table>\n<thead>\n<tr>\n<th>a</th>\n<th>b</th>\n</tr>\n</thead>\n<tbody><tr>\n<td>1</td>\n<td><code>2|3</code></td>\n</tr>\n</tbody></table>\n',
  ],
  [
    'a bare address',
    'see https://a.test/b.',
    '<p>see <a href="https://a.test/b">https://a.test/b</a>.</p>\n',
  ],
  [
    'an address in parentheses',
    '[x](https://a.test/b_(c) "title")',
    '<p><a href="https://a.test/b_(c)">x</a></p>\n',
  ],
  [
    'a link in emphasis',
    '*[a*b](https://a.test)*',
    '<p><em><a href="https://a.test">a*b</a></em></p>\n',
  ],
])('%s is read as markdown', (_, text, html) => {
  expect(toHtml(text)).toBe(html);
});
