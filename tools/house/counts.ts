// Every test of a tree by its name, and how many assertions stand in its sources.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseSync } from 'vite';
import { must, run } from '../../scripts/lib/run.mjs';
import { rustEnvironment } from '../../scripts/lib/rust.mjs';
import { readRust } from '../../scripts/lib/rust-source.mjs';
import { walk } from '../../scripts/lib/script-source.mjs';
import { countLine } from '../../scripts/lib/suites.mjs';
import { root } from '../../tests/support/paths.ts';

export type SuiteName = 'checks' | 'native' | 'conformance' | 'unit' | 'browser' | 'journeys';

export interface Suite {
  /** Sorted; a name may stand there twice. */
  readonly names: string[];
  /** Tests where they have no names. */
  readonly count?: number;
  /** `expect(…)`, `assert(…)`, `assert!(…)` in the suite's files. */
  readonly assertions?: number;
}

export type Suites = Record<SuiteName, Suite>;

export async function suitesOf(tree: string): Promise<Suites> {
  const assertions = await assertionsOf(tree);
  return {
    checks: { names: await checkNames(tree) },
    native: { names: await nativeNames(tree), assertions: assertions.native },
    conformance: { names: [], count: await conformanceCount(tree) },
    unit: { names: await unitNames(tree), assertions: assertions.unit },
    browser: { names: await browserNames(tree), assertions: assertions.browser },
    journeys: { names: await journeyNames(tree), assertions: assertions.journeys },
  };
}

/** The check refuses a name it does not know, and tells those it does. */
async function checkNames(tree: string): Promise<string[]> {
  const { output } = await run(process.execPath, ['scripts/check.mjs', '?'], { cwd: tree });
  const [, names] = /there are ([\w, -]+)/.exec(output) ?? [];
  if (!names) throw new Error(`the checks are not told: ${output}`);
  return names.trim().split(', ').sort();
}

async function nativeNames(tree: string): Promise<string[]> {
  const args = ['test', '--workspace', '--locked', '--quiet', '--', '--list'];
  const env = await rustEnvironment();
  const { stdout } = await must('cargo', args, { cwd: tree, env, show: false });
  // Without the modules before it: a test that moved is the same test.
  const names = [...stdout.matchAll(/^(\S.*): test$/gm)].map(([, name]) => name!);
  return names
    .map(
      (name) =>
        name
          .replace(/^.* - /, 'doc of ')
          .split('::')
          .at(-1)!,
    )
    .sort();
}

async function conformanceCount(tree: string): Promise<number> {
  const args = ['tests/conformance/run.mjs'];
  const { output } = await must(process.execPath, args, { cwd: tree, show: false });
  return countLine(output).passed;
}

async function unitNames(tree: string): Promise<string[]> {
  const bin = join(tree, 'node_modules/.bin/vitest');
  const { stdout } = await must(bin, ['list', '--json'], { cwd: tree, show: false });
  const listed: { name: string }[] = JSON.parse(stdout.slice(stdout.indexOf('[')));
  return listed.map(({ name }) => name).sort();
}

async function browserNames(tree: string): Promise<string[]> {
  const bin = join(tree, 'node_modules/.bin/playwright');
  const { stdout } = await must(bin, ['test', '--list'], { cwd: tree, show: false });
  const lines = [...stdout.matchAll(/^\s+\[chromium\] › [^›]+ › (.*)$/gm)];
  return lines.map(([, name]) => name!).sort();
}

/** Those of Firefox and WebKit, which are the same: by every artifact. */
async function journeyNames(tree: string): Promise<string[]> {
  const script = join(root, 'tools/house/journeys.ts');
  const flags = ['--conditions=pocketbit-source', '--import', 'tsx', script, tree];
  const { stdout } = await must(process.execPath, flags, { show: false });
  return (JSON.parse(stdout) as string[]).sort();
}

const SUITES = {
  native: /^crates\/.*\.rs$/,
  browser: /^tests\/(browser|support|lab)\/.*\.(ts|mjs)$/,
  journeys: /^tests\/(drivers|firefox|webkit)\/.*\.(ts|mjs)$/,
  unit: /\.test\.(ts|mjs)$|^packages\/[^/]+\/test\/.*\.ts$/,
} as const;

async function assertionsOf(tree: string): Promise<Record<keyof typeof SUITES, number>> {
  const listing = await must('git', ['ls-files', '-z'], { cwd: tree, show: false });
  const paths = listing.stdout.split('\0').filter(Boolean);
  const sums = { native: 0, browser: 0, journeys: 0, unit: 0 };
  for (const [suite, pattern] of Object.entries(SUITES)) {
    for (const path of paths.filter((each) => pattern.test(each))) {
      sums[suite as keyof typeof SUITES] += assertionsIn(path, read(tree, path));
    }
  }
  return sums;
}

function read(tree: string, path: string): string {
  return readFileSync(join(tree, path), 'utf8');
}

function assertionsIn(path: string, text: string): number {
  if (path.endsWith('.rs')) {
    return [...readRust(text).code.matchAll(/\b(debug_)?assert(_eq|_ne)?!/g)].length;
  }
  let count = 0;
  walk(parseSync(path, text).program, null, (node: { type: string; callee?: Callee }) => {
    if (node.type === 'CallExpression' && asserts(node.callee!)) count++;
  });
  return count;
}

interface Callee {
  readonly type: string;
  readonly name?: string;
  readonly object?: Callee;
}

/** `expect(…)`, `assert(…)` and `assert.equal(…)`. */
function asserts({ type, name, object }: Callee): boolean {
  if (type === 'Identifier') return name === 'expect' || name === 'assert';
  return type === 'MemberExpression' && object?.type === 'Identifier' && object.name === 'assert';
}
