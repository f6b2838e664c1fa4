// Logits, saved sessions, stored records and the engine's contract, of a tree: what the fixture holds of the baseline.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { artifacts } from '../../scripts/lib/artifacts.mjs';
import { must, run } from '../../scripts/lib/run.mjs';
import { rustEnvironment } from '../../scripts/lib/rust.mjs';
import { featureProblems, opcodeProblems } from '../../scripts/lib/wasm-contract.mjs';
import { countOpcodes, readInterface, targetFeatures } from '../../scripts/lib/wasm-module.mjs';
import type { HashRun } from '../../tests/support/hash-runs.ts';
import { distOf, withHouse } from './browser.ts';
import { runCommand } from './command.ts';
import { recordsOf, type StoredShape } from './records.ts';
import { logitsRuns, nameOf } from './runs.ts';
import { SESSIONS } from './sessions.ts';

type Artifact = 'scalar' | 'simd128' | 'relaxed';

/** Node 20 computes relaxed dots wrongly, so that its artifact runs in Chromium alone. */
const IN_NODE: readonly Artifact[] = ['scalar', 'simd128'];
const IN_CHROMIUM: readonly Artifact[] = ['scalar', 'simd128', 'relaxed'];

/** By run, then by who computed it. */
export type Hashes = Record<string, Record<string, string>>;

export interface Contract {
  readonly interface: ReturnType<typeof readInterface>;
  /** Features and instructions that the artifact may not have. */
  readonly problems: string[];
}

export interface Bits {
  /** SHA-256 of each model's file: what else would differ if these do. */
  readonly files: Record<string, string>;
  readonly logits: Hashes;
  readonly sessions: Record<string, unknown>;
  readonly records: StoredShape;
  readonly contracts: Record<string, Contract>;
}

export async function bitsOf(tree: string, note: (text: string) => void): Promise<Bits> {
  const runs = logitsRuns();
  const logits: Hashes = Object.fromEntries(runs.map((run) => [nameOf(run), {}]));
  const add: Add = (asked, who, hash) => {
    logits[nameOf(asked)]![who] = hash;
  };
  await inNative(tree, runs, add);
  note(`${runs.length} runs in native Rust`);
  await inNode(tree, runs, add);
  note(`${runs.length} runs in Node by ${IN_NODE.join(' and ')}`);
  return withHouse([tree], async (page) => {
    await inChromium(page, runs, add);
    note(`${runs.length} runs in Chromium by ${IN_CHROMIUM.join(', ')}`);
    return {
      files: Object.fromEntries(runs.map(({ name, file }) => [name, fileHash(file)])),
      logits,
      sessions: await sessionsOf(page),
      records: await recordsOf(tree),
      contracts: contractsOf(tree),
    };
  });
}

type Add = (run: HashRun, who: string, hash: string) => void;

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const fileHash = (file: string) => sha256(readFileSync(file));

/** The native reader knows some tensor types only; it is asked for those that it reads. */
async function inNative(tree: string, runs: readonly HashRun[], add: Add): Promise<void> {
  const env = await rustEnvironment();
  const build = ['build', '--release', '--quiet', '-p', 'pocketbit-model'];
  await must('cargo', [...build, '--example', 'logits_hash'], { cwd: tree, env, show: false });
  const program = join(tree, 'target/release/examples/logits_hash');
  for (const asked of runs) {
    const { kv, head } = asked.options;
    const args = [asked.file, asked.ids.join(','), '--kv', kv!, '--head', head!];
    const { code, output, stdout } = await run(program, args, { cwd: tree });
    if (code === 0) add(asked, 'native', stdout.trim());
    else if (!/tensor type \d+/.test(output)) throw new Error(`${nameOf(asked)}: ${output}`);
  }
}

/** Through the command, whose flags are a promise of their own. */
async function inNode(tree: string, runs: readonly HashRun[], add: Add): Promise<void> {
  for (const artifact of IN_NODE) {
    for (const run of runs) {
      const { kv, head } = run.options;
      const form = ['--all-positions', '--base64', '--kv', kv!, '--head', head!];
      const ids = ['--ids', run.ids.join(',')];
      const asked = ['logits', run.file, ...ids, ...form, '--artifact', artifact];
      const { stdout, stderr } = await runCommand(tree, asked);
      if (stderr) throw new Error(`${nameOf(run)}: ${stderr}`);
      add(run, `Node ${artifact}`, sha256(Buffer.from(JSON.parse(stdout).logits, 'base64')));
    }
  }
}

async function inChromium(page: Page, runs: readonly HashRun[], add: Add): Promise<void> {
  for (const artifact of IN_CHROMIUM) {
    for (const run of runs) {
      const options = { kv: run.options.kv!, head: run.options.head!, artifact };
      const asked = { dist: distOf(0), model: run.url, ids: run.ids, options };
      const found = await page.evaluate((given) => window.house.logitsHash(given), asked);
      if (found.artifact !== artifact) throw new Error(`${found.artifact} ran for ${artifact}`);
      add(run, `Chromium ${artifact}`, found.sha256);
    }
  }
}

async function sessionsOf(page: Page): Promise<Record<string, unknown>> {
  const found: Record<string, unknown> = {};
  for (const { name, ...session } of SESSIONS) {
    const asked = { dist: distOf(0), ...session };
    found[name] = await page.evaluate((given) => window.house.savedSession(given), asked);
  }
  return found;
}

function contractsOf(tree: string): Record<string, Contract> {
  return Object.fromEntries(Object.keys(artifacts).map((name) => [name, contractOf(tree, name)]));
}

function contractOf(tree: string, name: string): Contract {
  const bytes = readFileSync(join(tree, `packages/web/dist/${name}.wasm`));
  return {
    interface: readInterface(bytes),
    problems: [
      ...featureProblems(name, targetFeatures(bytes)),
      ...opcodeProblems(name, countOpcodes(bytes)),
    ],
  };
}
