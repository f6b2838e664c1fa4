import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../../scripts/lib/run.mjs';
import { rustEnvironment } from '../../scripts/lib/rust.mjs';
import { countCargo } from '../../scripts/lib/suites.mjs';
import { buildCases } from '../../tests/conformance/build.mjs';
import { BROWSERS, type Kind } from '../../tests/drivers/kinds.ts';
import { inLabOf } from '../../tests/drivers/lab.ts';
import { modelCache, root } from '../../tests/support/paths.ts';
import type { Artifact } from '../lib/engine.ts';
import type { Check, Context, Figure } from '../lib/report.ts';

export const variants: Check = {
  title: 'every variant equals scalar bit for bit: block edges, seeded random, extremes',
  async run(context) {
    const figures = [await natively()];
    for (const kind of BROWSERS) figures.push(...(await inBrowser(kind)));
    return [...figures, ...(await fallback(context))];
  },
};

async function natively(): Promise<Figure> {
  const args = ['test', '-p', 'pocketbit-kernels', '--release', '--locked'];
  const { code, output } = await run('cargo', args, { env: await rustEnvironment() });
  const { passed, failed } = countCargo(output);
  return {
    label: 'native',
    value: `${passed} tests pass, ${failed} fail`,
    target: 'all pass',
    pass: code === 0 && passed > 0,
  };
}

/** The case-runner and the start-up probe, in every artifact the browser runs. */
function inBrowser(kind: Kind): Promise<Figure[]> {
  return inLabOf(kind, async (evaluate, browser) => {
    const figures: Figure[] = [];
    for (const artifact of browser.artifacts) {
      const url = await provideCases(artifact);
      const { passed, failed, probe } = await evaluate((lab, address) => lab.cases(address), url);
      figures.push({
        label: `${kind.name} ${artifact}`,
        value: `${passed} cases pass, ${failed.length} fail, probe ${probe}`,
        target: 'all pass, probe 0',
        pass: passed > 100 && failed.length === 0 && probe === 0,
      });
    }
    return figures;
  });
}

async function provideCases(artifact: Artifact): Promise<string> {
  mkdirSync(join(modelCache, 'cases'), { recursive: true });
  copyFileSync(await buildCases(artifact), join(modelCache, 'cases', `${artifact}.wasm`));
  return `../files/cases/${artifact}.wasm`;
}

/** Node before 21 validates relaxed SIMD behind a flag, and its baseline compiler gets the dot product wrong. */
async function fallback({ note }: Context): Promise<Figure[]> {
  if (Number(process.versions.node.split('.')[0]) >= 21) {
    note('this Node computes relaxed dots rightly; with Node 20 the fall-back would be shown');
    return [];
  }
  const flags = [
    '--experimental-wasm-relaxed-simd',
    '--conditions=pocketbit-source',
    '--import',
    'tsx',
  ];
  const script = join(root, 'tests/support/chosen-artifact.ts');
  const { stdout } = await run(process.execPath, [...flags, script]);
  return [
    {
      label: `Node ${process.versions.node} with relaxed SIMD, whose answer is wrong`,
      value: `takes ${stdout || 'nothing'}`,
      target: 'simd128',
      pass: stdout === 'simd128',
    },
  ];
}
