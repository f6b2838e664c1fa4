import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { KvFormat, PlanOptions } from '@pocketbit/core';
import { bundledModel, root, tinyFolder } from './paths.ts';

/** A run whose logits bytes must be the same wherever they are computed. */
export interface HashRun {
  readonly name: string;
  readonly file: string;
  /** Path on a test site. */
  readonly url: string;
  readonly ids: number[];
  readonly options: PlanOptions;
}

const TINY = ['tiny-tq2', 'tiny-i2s', 'tiny-q6k', 'tiny-w1a1'];

/** The tiny models on their golden ids and the bundled model on a prompt with its answer, int8 head. */
export function hashRuns(kv: KvFormat): HashRun[] {
  const bundled = {
    name: 'pocketbit-actions',
    file: bundledModel,
    url: '/models/pocketbit-actions.gguf',
    ids: bundledIds(),
    options: { kv, head: 'int8' as const },
  };
  return [...TINY.map((name) => tinyRun(name, kv)), bundled];
}

function tinyRun(name: string, kv: KvFormat): HashRun {
  const { ids } = JSON.parse(readFileSync(join(tinyFolder, `${name}.golden.json`), 'utf8'));
  const file = join(tinyFolder, `${name}.gguf`);
  return { name, file, url: `/tiny/${name}.gguf`, ids, options: { kv, head: 'int8' } };
}

function bundledIds(): number[] {
  const { cases } = JSON.parse(
    readFileSync(join(root, 'tests/fixtures/bundled/greedy.json'), 'utf8'),
  );
  return [...cases[0].promptIds, ...cases[0].ids];
}
