import { expect, test } from 'vitest';
import { circlesOf } from '../lib/graph.mjs';
import { crateEdges } from '../lib/rust-modules.mjs';
import { readScript } from '../lib/script-source.mjs';
import { describeCircles, scriptEdges } from './circles.mjs';

test('a graph without a way back has no circle; those that share a node are one', () => {
  const graph = (edges) => new Map(Object.entries(edges));
  expect(circlesOf(graph({ a: 'bc', b: 'c', c: '' }))).toEqual([]);
  expect(circlesOf(graph({ a: 'b', b: 'a', c: 'd', d: 'ec', e: 'd' }))).toEqual([
    ['a', 'b'],
    ['c', 'd', 'e'],
  ]);
});

const script = (path, text) => ({ path, ...readScript(path, text) });

test.each([
  ['an import', "import { b } from './b.ts'; b();"],
  ['an import of a type', "import type { B } from './b.ts'; export type A = B;"],
  ['a re-export', "export * from './b.ts';"],
  ['a lazy import', "export const a = () => import('./b.ts');"],
  ['a type by import()', "export type A = import('./b.ts').B;"],
  ['the address of a worker', "export const a = new URL('./b.ts', import.meta.url);"],
])('%s is one half of a circle', (_, text) => {
  const back = script('packages/x/src/b.ts', "import './a.ts';");
  const edges = scriptEdges([script('packages/x/src/a.ts', text), back]);
  expect(describeCircles(edges)).toEqual([
    expect.stringContaining('circle of 2: packages/x/src/a.ts, packages/x/src/b.ts'),
  ]);
});

test('an import that a comment or a string tells of is none', () => {
  const text = '// import "./b.ts"\nexport const a = \'import "./b.ts"\';';
  expect(scriptEdges([script('packages/x/src/a.ts', text)])).toEqual([]);
});

/** `from>to` of each edge of a crate, its files by their names. */
function edgesOf(files) {
  const all = Object.entries(files).map(([name, text]) => ({
    path: `crates/x/src/${name}.rs`,
    text,
  }));
  const short = (path) => path.slice('crates/x/src/'.length, -'.rs'.length);
  return [...new Set(crateEdges(all).map(({ from, to }) => `${short(from)}>${short(to)}`))].sort();
}

const B = 'pub struct Two; pub fn one() {} pub const LIMIT: u32 = 1;';

test.each([
  ['an import', 'use crate::b::one; fn f() { one() }'],
  ['one of several', 'use crate::b::{self, one as first, Two}; fn f() {}'],
  ['a whole path', 'fn f() { crate::b::one() }'],
  ['a path through an imported module', 'use crate::b; fn f() { b::one() }'],
  ['a path through the parent', 'fn f() -> u32 { super::b::LIMIT }'],
  ['a glob of which a name is used', 'use crate::b::*; fn f() -> u32 { LIMIT }'],
  ['an item through a re-export', 'use crate::one;'],
])('Rust: %s leads to the file of the definition', (_, a) => {
  expect(edgesOf({ lib: 'mod a; mod b; pub use b::one;', a, b: B })).toEqual(['a>b']);
});

test.each([
  ['a module that is named and not used', 'use crate::b;'],
  ['a glob of which nothing is used', 'use crate::b::*;'],
  ['a comment', '// use crate::b::one;\n/* crate::b::one() */'],
  ['a string', 'const A: &str = "crate::b::one";'],
  ['its tests', '#[cfg(test)]\nmod tests { use crate::b::one; }'],
  ['another crate', 'use core::b::one; fn f() { std::b::one() }'],
])('Rust: %s leads nowhere', (_, a) => {
  expect(edgesOf({ lib: 'mod a; mod b;', a, b: B })).toEqual([]);
});

test('Rust: a parent does not use what it only passes on, and uses what it names', () => {
  const child = 'pub struct Row; pub fn len() {}';
  expect(edgesOf({ 'a/mod': 'mod row; pub use row::{Row, len};', 'a/row': child })).toEqual([]);
  const used = 'mod row; pub use row::Row; fn f(_: Row) {}';
  expect(edgesOf({ 'a/mod': used, 'a/row': child })).toEqual(['a/mod>a/row']);
});

test('Rust: a child uses what its parent defines, and not what its parent only passes on', () => {
  const parent = 'mod row; mod col; pub use col::Col; pub struct Tensor;';
  const of = (row) => edgesOf({ 'a/mod': parent, 'a/row': row, 'a/col': 'pub struct Col;' });
  expect(of('use super::Tensor;')).toEqual(['a/row>a/mod']);
  expect(of('use super::Col;')).toEqual(['a/row>a/col']);
});

test('Rust: an inner module belongs to its file', () => {
  const inner = 'pub mod deep { pub fn one() {} pub fn two() { super::three() } } fn three() {}';
  const edges = edgesOf({ lib: 'mod a; mod b;', a: inner, b: 'use crate::a::deep::one;' });
  expect(edges).toEqual(['b>a']);
});

test('Rust: a macro is used where its name is called', () => {
  const macros = 'macro_rules! twice { ($x:expr) => { $x + $x } }';
  expect(edgesOf({ lib: 'mod m; mod a;', m: macros, a: 'fn f() { twice!(1); }' })).toEqual(['a>m']);
});
