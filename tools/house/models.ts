import { join } from 'node:path';
import { BENCH_MODELS } from '../../tests/models/bench.ts';
import { cachedFamily } from '../../tests/models/files.ts';
import { root, tinyFolder } from '../../tests/support/paths.ts';

/** Files that the trees load, by the name they have here. */
export interface ModelFile {
  /** Path on the site. */
  readonly url: string;
  readonly file: string;
}

function generated(name: string): ModelFile {
  const model = BENCH_MODELS[name]!;
  return { url: `/files/${model.name}-1.gguf`, file: cachedFamily(model, 1) };
}

/** One chunk; two and more chunks, which a slow server can be left in; the assistant's own. */
export const MODELS = {
  tiny: { url: '/tiny/tiny-tq2.gguf', file: join(tinyFolder, 'tiny-tq2.gguf') },
  whole: generated('13m-tq2_0'),
  half: generated('13m-w1a1'),
  bundled: {
    url: '/models/pocketbit-actions.gguf',
    file: join(root, 'apps/assistant/public/models/pocketbit-actions.gguf'),
  },
} as const satisfies Record<string, ModelFile>;

/** Bytes a second at which a download has a middle. */
const RATE = 8_000_000;

export const HALF_URL = `${MODELS.half.url}?rate=${RATE}`;
