import { must } from '../../scripts/lib/run.mjs';
import { rustEnvironment } from '../../scripts/lib/rust.mjs';
import { BROWSERS } from '../../tests/drivers/kinds.ts';
import { inLabOf } from '../../tests/drivers/lab.ts';
import { nodeDefaultHash, nodeLogitsHash } from '../../tests/support/engine.ts';
import type { HashRun } from '../../tests/support/hash-runs.ts';
import { kernelRuns } from '../../tests/support/kernel-runs.ts';
import type { HashesByKernels } from '../lib/engine.ts';
import type { Check, Figure } from '../lib/report.ts';

export const logits: Check = {
  title: 'logits bytes by every pair of kernels of every family, in each artifact and browser',
  async run() {
    const runs = kernelRuns();
    const found = await inBrowsers(runs);
    const figures: Figure[] = [];
    for (const [i, run] of runs.entries()) figures.push(await figureOf(run, found[i]!));
    return figures;
  },
};

/** For each run, the hashes by browser and artifact. */
async function inBrowsers(runs: readonly HashRun[]): Promise<Map<string, HashesByKernels>[]> {
  const found = runs.map(() => new Map<string, HashesByKernels>());
  for (const kind of BROWSERS) {
    await inLabOf(kind, async (evaluate, { artifacts }) => {
      for (const artifact of artifacts) {
        for (const [i, { url, ids, options }] of runs.entries()) {
          const hashes = await evaluate((lab, [a, u, d, o]) => lab.hashesByKernels(a, u, d, o), [
            artifact,
            `..${url}`,
            ids,
            options,
          ] as const);
          found[i]!.set(`${kind.name} ${artifact}`, hashes);
        }
      }
    });
  }
  return found;
}

async function figureOf(run: HashRun, found: Map<string, HashesByKernels>): Promise<Figure> {
  const { name, file, ids, options } = run;
  const expected = await nodeDefaultHash(file, ids, options);
  const all = [...found].flatMap(([who, hashes]) =>
    Object.entries(hashes).map(([kernels, hash]) => ({ who: `${who} ${kernels}`, hash })),
  );
  const odd = all.filter(({ hash }) => hash !== expected).map(({ who }) => who);
  // Native hashes the decoded positions alone, so it meets the others through the scalar artifact in Node.
  const native = await nativeHash(run);
  const sameNatively = native === (await nodeLogitsHash('scalar', file, ids, options));
  return {
    label: `${name}, ${options.head} head, ${options.kv} KV`,
    value:
      `${new Set(all.map(({ hash }) => hash)).size} distinct hash over ${all.length} choices of kernels in ` +
      `${found.size} builds and browsers, native scalar ${sameNatively ? 'the same' : 'ANOTHER'}` +
      (odd.length > 0 ? `; others by ${odd.join(', ')}` : ''),
    target: '1 hash, over 8 builds and browsers and native',
    pass: odd.length === 0 && found.size >= 8 && sameNatively,
  };
}

async function nativeHash({ file, ids, options }: HashRun): Promise<string> {
  const command = ['run', '--release', '--quiet', '-p', 'pocketbit-model', '--example'];
  const formats = ['--kv', options.kv!, '--head', options.head!];
  const args = [...command, 'logits_hash', '--', file, ids.join(','), ...formats];
  const { stdout } = await must('cargo', args, { env: await rustEnvironment(), show: false });
  return stdout.trim().split(/\s/)[0]!;
}
