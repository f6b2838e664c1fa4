import { expect, test } from 'vitest';
import { readRust } from '../lib/rust-source.mjs';
import { readScript } from '../lib/script-source.mjs';
import { readPython } from '../lib/sources.mjs';
import { measure } from './numbers.mjs';
import { trackedBreaches } from './tracked.mjs';

const file = (lines, ...functions) => ({
  path: 'a.ts',
  lines,
  test: false,
  functions: functions.map((size) => ({ name: 'f', lines: size, line: 1 })),
});

test('files over 400 code lines, medians over 10 and p90 over 30 are refused', () => {
  expect(measure([file(400, 10, 10, 10)]).problems).toEqual([]);
  expect(measure([file(401, 10)]).problems).toHaveLength(1);
  expect(measure([file(50, 11, 11, 11)]).problems[0]).toContain('median');
  expect(measure([file(50, 2, 2, 2, 2, 31)]).problems[0]).toContain('p90');
});

test('TypeScript functions are measured in code lines, comments and callbacks apart', () => {
  const text = `
/** Doc. */
export function first(a: number) {
  // why

  return [a].map((x) => {
    return x;
  });
}
class Box {
  open = () => 1;
  shut() {
    return 2;
  }
}
`;
  const { functions, lines } = readScript('a.ts', text);
  expect(functions.map(({ name, lines: size }) => [name, size])).toEqual([
    ['first', 5],
    ['open', 1],
    ['shut', 3],
  ]);
  expect(lines).toBe(11);
});

test('Rust functions are measured past braces in strings, chars and comments', () => {
  const text = `
/// A brace } in a comment.
fn first<'a>(text: &'a str) -> bool {
    let open = '{'; // {
    text.contains(r#"}"}"#) && open == '{'
}
trait Shape { fn area(&self) -> f32; }
#[cfg(test)]
mod tests {
    fn helper() {}
}
`;
  const { functions } = readRust(text);
  expect(functions).toEqual([{ name: 'first', lines: 4, line: 3 }]);
});

test('Python functions end with their indentation', () => {
  const text =
    'def first(\n    a,\n):\n    return a\n\n\nclass B:\n    def second(self):\n        return 1\n\nX = 1\n';
  expect(readPython(text).functions.map(({ name, lines }) => [name, lines])).toEqual([
    ['first', 4],
    ['second', 2],
  ]);
});

test('build output and stray models are not for git', () => {
  const good = [
    'packages/web/src/index.ts',
    'tests/fixtures/tiny/tiny-tq2.gguf',
    'scripts/build.mjs',
  ];
  const bad = [
    'packages/web/wasm/glue.js',
    'apps/assistant/dist/index.html',
    'a.wasm',
    'model.gguf',
  ];
  expect(trackedBreaches([...good, ...bad])).toHaveLength(bad.length);
});
