import { expect, test } from 'vitest';
import { findings } from './driver.ts';

const kindsOf = (text: string) => findings('a.ts', text).map(({ kind, line }) => `${kind} ${line}`);

test.each([
  ['new Engine(config)', 'engines made 1'],
  ['new glue.Engine(config)', 'engines made 1'],
  ["new glue['Engine'](config)", 'engines made 1'],
  ['const f = (EngineClass: Class) => new EngineClass(config)', 'engines made 1'],
  ['\nengine.beginTensor(0, 0, 0, 1, 1)', 'engines filled 2'],
  ['await loadTensors(plan, source, engine)', 'engines filled 1'],
  ['while (true) engine.forward(Uint32Array.of(engine.sample()))', 'engines run 1,engines run 1'],
])('%s', (text, expected) => {
  expect(kindsOf(text).join()).toBe(expected);
});

test.each([
  '// new Engine(config)',
  'const text = `engine.forward(ids)`',
  'file.source.forward = true',
  'sample(1)',
  'speed.sample(1)',
  'new EngineModel(config)',
  'type E = typeof Engine',
])('nothing in %s', (text) => {
  expect(kindsOf(text)).toEqual([]);
});
