// What is run: a model of every family the runtime knows, on every KV cache.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type HeadFormat, KV_FORMATS, type KvFormat } from '@pocketbit/core';
import { cachedFamily } from '../../tests/models/files.ts';
import { SMALL_MODELS } from '../../tests/models/published.ts';
import { type HashRun, hashRuns } from '../../tests/support/hash-runs.ts';
import { root } from '../../tests/support/paths.ts';

/** More than one slice of prefill, and a rest that fills no block. */
const IDS = Array.from({ length: 41 }, (_, i) => (i * 37 + 11) % 250);

const FAMILIES = join(root, 'tests/fixtures/families');

/** The name of a run in the fixture. */
export function nameOf({ name, options }: HashRun): string {
  return `${name}, ${options.kv} KV, ${options.head} head`;
}

export function logitsRuns(): HashRun[] {
  return [
    ...KV_FORMATS.flatMap((kv) => [
      ...hashRuns(kv),
      ...smallRuns(kv, 'int8'),
      ...publishedRuns(kv),
    ]),
    ...(['f32', 'int4'] as const).flatMap((head) => smallRuns('int8', head)),
  ];
}

function smallRuns(kv: KvFormat, head: HeadFormat): HashRun[] {
  return SMALL_MODELS.map((model) => ({
    name: model.name,
    file: cachedFamily(model, 1),
    url: `/files/${model.name}-1.gguf`,
    ids: IDS,
    options: { kv, head },
  }));
}

/** Models that Hugging Face's transformers also ran. */
function publishedRuns(kv: KvFormat): HashRun[] {
  const files = readdirSync(FAMILIES).filter((name) => name.endsWith('.gguf'));
  return files.map((file) => ({
    name: file.replace('.gguf', ''),
    file: join(FAMILIES, file),
    url: `/families/${file}`,
    ids: IDS,
    options: { kv, head: 'int8' },
  }));
}
