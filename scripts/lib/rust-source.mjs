import { blank, codeLines, lineAt } from './lines.mjs';

/** Comments, strings, chars: what may hold a brace or a keyword that is not code. Lifetimes are left alone. */
const tokens =
  /\/\/[^\n]*|\/\*[\s\S]*?\*\/|b?r(#*)"[\s\S]*?"\1|b?"(?:\\[\s\S]|[^"\\])*"|b?'(?:\\[^\n]+?|[^'\\\n])'/g;

function ranges(text, wanted) {
  return [...text.matchAll(tokens)]
    .filter(([token]) => wanted(token))
    .map(({ index, 0: token }) => ({ start: index, end: index + token.length }));
}

const isComment = (token) => token.startsWith('//') || token.startsWith('/*');

/**
 * Reads one Rust file without compiling it: good enough to count lines and find `unsafe`.
 * @returns {{functions: {name: string, lines: number, line: number}[], unsafes: {line: number, explained: boolean}[],
 *   code: string, lines: number}} functions outside `#[cfg(test)]`; code: the text, comments and strings blanked
 */
export function readRust(text) {
  const code = blank(
    text,
    ranges(text, () => true),
  );
  const withStrings = blank(text, ranges(text, isComment));
  return {
    functions: findFunctions(withoutTests(code), withStrings),
    unsafes: findUnsafe(code, text),
    code,
    lines: codeLines(withStrings),
  };
}

/** Inline test modules blanked. */
export function withoutTests(code) {
  const tests = [...code.matchAll(/#\[cfg\(test\)\]\s*mod\s+\w+\s*(?=\{)/g)];
  return blank(
    code,
    tests.map(({ index, 0: head }) => ({ start: index, end: closing(code, index + head.length) })),
  );
}

/** Position after the brace that closes the one at `open`. */
function closing(code, open) {
  let depth = 0;
  for (let at = open; at < code.length; at++) {
    if (code[at] === '{') depth++;
    if (code[at] === '}' && --depth === 0) return at + 1;
  }
  return code.length;
}

function findFunctions(code, withStrings) {
  const heads = code.matchAll(/\bfn\s+(\w+)[^;{]*\{/g);
  return [...heads].map(({ index, 0: head, 1: name }) => {
    const end = closing(code, index + head.length - 1);
    return { name, lines: codeLines(withStrings, index, end), line: lineAt(code, index) };
  });
}

/** Unsafe blocks and impls, and whether a SAFETY comment stands directly above. `unsafe fn` is a declaration. */
function findUnsafe(code, text) {
  const lines = text.split('\n');
  return [...code.matchAll(/\bunsafe\b(?!\s*(?:fn|extern))/g)].map(({ index }) => {
    const line = lineAt(code, index);
    return { line, explained: hasSafetyAbove(lines, line - 1) };
  });
}

function hasSafetyAbove(lines, at) {
  if (/\/\/ SAFETY:/.test(lines[at])) return true;
  for (let above = at - 1; above >= 0; above--) {
    if (/SAFETY:/.test(lines[above])) return true;
    if (!/^\s*(\/\/|#\[)/.test(lines[above]) && !/=\s*$|\(\s*$/.test(lines[above])) return false;
  }
  return false;
}
