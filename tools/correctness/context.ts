import { readFileSync } from 'node:fs';
import { bindEngine } from '../../tests/support/engine.ts';
import { kernelRuns } from '../../tests/support/kernel-runs.ts';
import { copyContext, type Engine, forward, openEngine, sha256 } from '../lib/engine.ts';
import type { Check, Figure } from '../lib/report.ts';

const SLICES = [1, 7, 16, 64, 128];
const KINDS = ['f32', 'int8', 'int4'] as const;
const IDS = Array.from({ length: 150 }, (_, i) => (i * 37 + 11) % 250);
/** Where the context is cut for the prefix and for the saved one. */
const CUT = 93;

/** Ways to the same context. */
const WAYS: Record<string, (engine: Engine, fresh: () => Promise<Engine>) => Promise<Engine>> = {
  ...Object.fromEntries(
    SLICES.map((slice) => [
      `slices of ${slice}`,
      async (engine: Engine) => forward(engine, IDS, slice),
    ]),
  ),
  'prefix reused': async (engine) => {
    forward(engine, [...IDS.slice(0, CUT), 1, 2, 3, 4, 5], 64);
    engine.truncate(CUT);
    return forward(engine, IDS.slice(CUT), 64);
  },
  'saved and restored': async (engine, fresh) => {
    forward(engine, IDS.slice(0, CUT), 64);
    const other = await fresh();
    copyContext(engine, other);
    return forward(other, IDS.slice(CUT), 64);
  },
};

export const context: Check = {
  title: 'the logits after a context do not tell how it came about, at each KV type',
  async run() {
    const figures: Figure[] = [];
    const glue = await bindEngine('simd128');
    for (const kv of KINDS) {
      for (const { name, file } of kernelRuns()) {
        const bytes = readFileSync(file);
        const fresh = () => openEngine(glue, bytes, { kv });
        const hashes = new Map<string, string>();
        for (const [way, run] of Object.entries(WAYS)) {
          hashes.set(way, await sha256((await run(await fresh(), fresh)).logits()));
        }
        figures.push(figureOf(`${name}, ${kv} KV`, hashes));
      }
    }
    return figures;
  },
};

function figureOf(label: string, hashes: ReadonlyMap<string, string>): Figure {
  const distinct = new Set(hashes.values());
  const [first] = distinct;
  const odd = [...hashes].filter(([, hash]) => hash !== first).map(([way]) => way);
  return {
    label,
    value: `${distinct.size} distinct hash over ${hashes.size} ways${odd.length > 0 ? `; others by ${odd}` : ''}`,
    target: `1 over ${SLICES.length + 2}`,
    pass: distinct.size === 1 && hashes.size === SLICES.length + 2,
  };
}
