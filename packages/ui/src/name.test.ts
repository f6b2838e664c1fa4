import { expect, test } from 'vitest';
import { displayName, displayText } from './name.ts';

test.each([
  ['a reversed ending', 'a\u202egpj.exe', 'a⟨U+202E⟩gpj.exe'],
  ['isolates and marks', '\u2066a\u2069\u200f', '⟨U+2066⟩a⟨U+2069⟩⟨U+200F⟩'],
  ['an escape sequence', 'a\u001b[2Jb', 'a⟨U+001B⟩[2Jb'],
  ['fillers', 'a\u3164b\u2800', 'a⟨U+3164⟩b⟨U+2800⟩'],
  ['tags', 'a\u{e0041}', 'a⟨U+E0041⟩'],
  ['half a pair', 'a\ud800', 'a⟨U+D800⟩'],
  ['a joiner where nothing is joined', 'a\u200db', 'a⟨U+200D⟩b'],
  ['lines', 'a\n\tb\u2028c', 'a b⟨U+2028⟩c'],
])('%s is written out (fault 26)', (_, name, shown) => {
  expect(displayText(name)).toBe(shown);
  expect(displayName(name)).toBe(shown);
});

test('ordinary names stay as they are, whatever their script (fault 26)', () => {
  for (const name of ['qwen2.5-0.5b.gguf', 'Größe é', 'שלום', 'می‌خواهم', '模型', '👩‍💻 ❤️', 'क्‍ष']) {
    expect(displayText(name)).toBe(name);
  }
});

test('of a long name the beginning and the end are shown (fault 26)', () => {
  const name = displayName(`start${'a'.repeat(1e6)}.gguf`);
  expect(name).toMatch(/^start.*….*\.gguf$/);
  expect([...name]).toHaveLength(111);
  expect(displayText(`e${'\u0301'.repeat(500)}`)).toHaveLength(5);
});
